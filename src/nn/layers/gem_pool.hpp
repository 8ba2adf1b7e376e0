// Generalised mean pooling: Radenovic, Tolias and Chum, "Fine-tuning CNN Image Retrieval with No
// Human Annotation", arXiv 1711.02512.

#pragma once

#include "nn/layer.hpp"
#include "nn/layers/registry.hpp"

namespace thimble::nn {

LayerKind gem_pool_kind();

/// Pools whole maps: (mean of max(x, epsilon)^p)^(1/p) of each channel, between average pooling,
/// p = 1, and max pooling, p = infinity. The layer learns p.
class GemPool final : public Layer {
 public:
  /// @throws UsageError  if the input is no map
  explicit GemPool(const LayerInput& input);

  std::vector<ParameterDeclaration> parameters() const override;
  std::int64_t forward_flops() const override;
  void train(TrainingBuilder& builder) const override;
  void infer(InferenceBuilder& builder) const override;
  void to_onnx(NetworkExport& file) const override;
  bool infer_picture(amx::PictureNetwork& network) const override;
};

}  // namespace thimble::nn
