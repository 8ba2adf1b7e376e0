// Squeeze-and-excitation: Hu et al., "Squeeze-and-Excitation Networks", arXiv 1709.01507.

#pragma once

#include "nn/layer.hpp"
#include "nn/layers/registry.hpp"

namespace thimble::nn {

LayerKind squeeze_excite_kind();

/// Scales each channel of a map by a number between 0 and 1 that two dense layers make of the means
/// of all channels: sigmoid(W2 relu(W1 means + b1) + b2).
class SqueezeExcite final : public Layer {
 public:
  /// @param reduction  the first dense layer has channels / reduction outputs, rounded down
  /// @throws UsageError  if the input is no map, or the reduction leaves no output
  SqueezeExcite(const LayerInput& input, int reduction);

  std::string line() const override;
  std::vector<ParameterDeclaration> parameters() const override;
  std::int64_t forward_flops() const override;
  void train(TrainingBuilder& builder) const override;
  void infer(InferenceBuilder& builder) const override;
  void to_onnx(NetworkExport& file) const override;
  bool infer_picture(amx::PictureNetwork& network) const override;

 private:
  int reduction_;
  int hidden_;
};

}  // namespace thimble::nn
