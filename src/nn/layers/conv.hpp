// Convolution.

#pragma once

#include "nn/layer.hpp"
#include "nn/layers/registry.hpp"

namespace thimble::nn {

LayerKind conv_kind();

/// Kernels that slide over a map, each group of them over its own channels.
class Conv : public Layer {
 public:
  struct Options {
    int features = 0;  ///< output channels
    SlidingWindow window{};
    int groups = 1;
    bool bias = true;
  };

  /// @param word  of a kind that is a special case
  /// @throws UsageError  if an option is out of range or the window does not fit into the map
  Conv(const LayerInput& input, const Options& options, const char* word = "conv");

  const Options& options() const { return options_; }

  std::string line() const override;
  LayerTraits traits() const override;
  const SlidingWindow* window() const override { return &options_.window; }
  std::vector<ParameterDeclaration> parameters() const override;
  std::int64_t forward_flops() const override;
  void train(TrainingBuilder& builder) const override;
  void infer(InferenceBuilder& builder) const override;
  void to_onnx(NetworkExport& file) const override;
  bool infer_picture(amx::PictureNetwork& network) const override;

 private:
  Options options_;
};

}  // namespace thimble::nn
