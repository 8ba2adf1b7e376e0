// The sum of two values: a residual connection.

#pragma once

#include "nn/layer.hpp"
#include "nn/layers/registry.hpp"

namespace thimble::nn {

LayerKind add_kind();

class Add final : public Layer {
 public:
  /// @throws UsageError  if the shapes differ
  Add(const LayerInput& a, const LayerInput& b);

  std::string line() const override;
  LayerTraits traits() const override;
  std::int64_t forward_flops() const override;
  void train(TrainingBuilder& builder) const override;
  void infer(InferenceBuilder& builder) const override;
  void to_onnx(NetworkExport& file) const override;
  bool infer_picture(amx::PictureNetwork& network) const override;
};

}  // namespace thimble::nn
