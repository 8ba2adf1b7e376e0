// A map as a vector.

#pragma once

#include "nn/layer.hpp"
#include "nn/layers/registry.hpp"

namespace thimble::nn {

LayerKind flatten_kind();

/// Features in the order channels, height, width.
class Flatten final : public Layer {
 public:
  /// @throws UsageError  if the map has too many values
  explicit Flatten(const LayerInput& input);

  LayerTraits traits() const override;
  void train(TrainingBuilder& builder) const override;
  void infer(InferenceBuilder& builder) const override;
  void to_onnx(NetworkExport& file) const override;
  bool infer_picture(amx::PictureNetwork& network) const override;
};

}  // namespace thimble::nn
