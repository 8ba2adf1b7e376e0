// Max and average pooling, of windows and of whole maps.

#pragma once

#include "nn/layer.hpp"
#include "nn/layers/registry.hpp"

namespace thimble::nn {

LayerKind max_pool_kind();
LayerKind avg_pool_kind();
LayerKind global_max_pool_kind();
LayerKind global_avg_pool_kind();

/// The largest value or the mean of each window; means leave out what lies outside the map.
class Pool final : public Layer {
 public:
  enum class Of { maximum, average };

  /// Pools windows.
  /// @throws UsageError  if the window is impossible or does not fit into the map
  Pool(const LayerInput& input, Of of, const SlidingWindow& window);
  /// Pools whole maps.
  Pool(const LayerInput& input, Of of);

  std::string line() const override;
  LayerTraits traits() const override;
  const SlidingWindow* window() const override { return &window_; }
  std::int64_t forward_flops() const override;
  void train(TrainingBuilder& builder) const override;
  void infer(InferenceBuilder& builder) const override;
  void to_onnx(NetworkExport& file) const override;
  bool infer_picture(amx::PictureNetwork& network) const override;

 private:
  Of of_;
  SlidingWindow window_;
  bool global_;
};

}  // namespace thimble::nn
