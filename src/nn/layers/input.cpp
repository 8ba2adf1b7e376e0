#include "nn/layers/input.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace thimble::nn {

Input::Input(const Shape& shape) : Layer("input", {}, shape) {
  const auto in_range = [](int extent) { return extent > 0 && extent < kLargestExtent; };
  if (!in_range(shape.channels) || !in_range(shape.height) || !in_range(shape.width)) {
    throw UsageError(fmt::format("input: shape {} is empty or too large", to_string(shape)));
  }
}

}  // namespace thimble::nn
