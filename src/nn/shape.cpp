#include "nn/shape.hpp"

#include <fmt/format.h>

namespace thimble::nn {

std::string to_string(const Shape& shape) {
  return shape.flat ? fmt::format("{}", shape.channels)
                    : fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
}

std::string to_string(const Extent& extent) {
  return extent.height == extent.width ? fmt::format("{}", extent.height)
                                       : fmt::format("{}x{}", extent.height, extent.width);
}

Shape SlidingWindow::output(const Shape& in, int channels) const {
  const auto left = [](int size, int taps, int step, int border) {
    return (size + 2 * border - taps) / step + 1;
  };
  return {channels, left(in.height, kernel.height, stride.height, pad.height),
          left(in.width, kernel.width, stride.width, pad.width), false};
}

}  // namespace thimble::nn
