// What layers with a sliding window have in common: checks, and ONNX attributes.

#pragma once

#include <string>

#include "nn/shape.hpp"
#include "onnx/model_builder.hpp"

namespace thimble::nn {

/// @param word  of the layer, for errors
/// @throws UsageError  if a window is impossible or does not fit into the map
void check_window(const std::string& word, const Shape& in, const SlidingWindow& window);

/// kernel_shape, strides and pads, as ONNX's Conv, MaxPool and AveragePool take them.
onnx::Attributes window_attributes(const SlidingWindow& window);

}  // namespace thimble::nn
