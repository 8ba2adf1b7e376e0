// Fully connected layer.

#pragma once

#include "nn/layer.hpp"
#include "nn/layers/registry.hpp"

namespace thimble::nn {

LayerKind dense_kind();

/// Every output is a weighted sum of all inputs.
class Dense final : public Layer {
 public:
  /// @throws UsageError  if the input is not flat, or the number of features is out of range
  Dense(const LayerInput& input, int features, bool bias);

  std::string line() const override;
  LayerTraits traits() const override;
  std::vector<ParameterDeclaration> parameters() const override;
  std::int64_t forward_flops() const override;
  void train(TrainingBuilder& builder) const override;
  void infer(InferenceBuilder& builder) const override;
  void to_onnx(NetworkExport& file) const override;
  bool infer_picture(amx::PictureNetwork& network) const override;

 private:
  int features_;
  bool bias_;
};

}  // namespace thimble::nn
