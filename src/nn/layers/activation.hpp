// Activation functions: ReLU and GELU.

#pragma once

#include "nn/layer.hpp"
#include "nn/layers/registry.hpp"

namespace thimble::nn {

LayerKind relu_kind();
LayerKind gelu_kind();

/// max(x, 0)
class Relu final : public Layer {
 public:
  explicit Relu(const LayerInput& input);

  LayerTraits traits() const override;
  std::int64_t forward_flops() const override;
  void train(TrainingBuilder& builder) const override;
  void infer(InferenceBuilder& builder) const override;
  void to_onnx(NetworkExport& file) const override;
  bool infer_picture(amx::PictureNetwork& network) const override;
};

/// x / 2 (1 + erf(x / sqrt(2))): Hendrycks and Gimpel, arXiv 1606.08415.
class Gelu final : public Layer {
 public:
  explicit Gelu(const LayerInput& input);

  LayerTraits traits() const override;
  std::int64_t forward_flops() const override;
  void train(TrainingBuilder& builder) const override;
  void infer(InferenceBuilder& builder) const override;
  void to_onnx(NetworkExport& file) const override;
  bool infer_picture(amx::PictureNetwork& network) const override;
};

}  // namespace thimble::nn
