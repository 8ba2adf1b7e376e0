// Dropout: Srivastava et al., Journal of Machine Learning Research 15 (2014).

#pragma once

#include "nn/layer.hpp"
#include "nn/layers/registry.hpp"

namespace thimble::nn {

LayerKind dropout_kind();

/// In training, sets values to 0 at random and scales the others so that the mean stays; in
/// prediction, nothing.
class Dropout final : public Layer {
 public:
  /// @param rate  probability of a zero
  /// @throws UsageError  unless 0 <= rate < 1
  Dropout(const LayerInput& input, double rate);

  std::string line() const override;
  LayerTraits traits() const override;
  void train(TrainingBuilder& builder) const override;
  void infer(InferenceBuilder& builder) const override;
  void to_onnx(NetworkExport& file) const override;
  bool infer_picture(amx::PictureNetwork& network) const override;

 private:
  double rate_;
};

}  // namespace thimble::nn
