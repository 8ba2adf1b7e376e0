// The pictures that a network takes: the first layer of every graph, without a line of its own.

#pragma once

#include "nn/layer.hpp"

namespace thimble::nn {

class Input final : public Layer {
 public:
  /// @throws UsageError  if the shape is empty or too large
  explicit Input(const Shape& shape);

  // The builders make the input's value themselves.
  void train(TrainingBuilder&) const override {}
  void infer(InferenceBuilder&) const override {}
  void to_onnx(NetworkExport&) const override {}
};

}  // namespace thimble::nn
