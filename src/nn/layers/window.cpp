#include "nn/layers/window.hpp"

#include <cstdint>
#include <vector>

#include <fmt/format.h>

#include "base/error.hpp"

namespace thimble::nn {
namespace {

void require(bool condition, const std::string& message) {
  if (!condition) throw UsageError(message);
}

bool in_range(const Extent& extent, int low) {
  return extent.height >= low && extent.width >= low && extent.height < kLargestExtent &&
         extent.width < kLargestExtent;
}

}  // namespace

void check_window(const std::string& word, const Shape& in, const SlidingWindow& window) {
  const auto& [kernel, stride, pad] = window;
  require(!in.flat, fmt::format("{}: needs a map [channels, height, width], got {} features", word,
                                in.channels));
  require(in_range(kernel, 1) && in_range(stride, 1) && in_range(pad, 0) &&
              pad.height < kernel.height && pad.width < kernel.width,
          fmt::format("{}: kernel {}, stride {} and pad {} are not possible together", word,
                      to_string(kernel), to_string(stride), to_string(pad)));
  require(in.height + 2 * pad.height >= kernel.height && in.width + 2 * pad.width >= kernel.width,
          fmt::format("{}: kernel {} does not fit into {} with pad {}", word, to_string(kernel),
                      to_string(in), to_string(pad)));
}

onnx::Attributes window_attributes(const SlidingWindow& window) {
  using Integers = std::vector<std::int64_t>;
  const auto& [kernel, stride, pad] = window;
  return {{"kernel_shape", Integers{kernel.height, kernel.width}},
          {"strides", Integers{stride.height, stride.width}},
          {"pads", Integers{pad.height, pad.width, pad.height, pad.width}}};
}

}  // namespace thimble::nn
