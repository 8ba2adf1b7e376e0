#include "classical/features.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/simd.hpp"

namespace thimble::classical {
namespace {

THIMBLE_SIMD_CLONES
void scale_bytes(const std::uint8_t* from, std::size_t n, float scale, float* to) {
  for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<float>(from[i]) * scale;
}

}  // namespace

Features::Features(std::span<const std::uint8_t> bytes, std::size_t d, float scale)
    : n_(d == 0 ? 0 : bytes.size() / d), d_(d), is_bytes_(true), bytes_(bytes), scale_(scale) {
  if (n_ * d_ != bytes.size()) {
    throw ShapeError(
        fmt::format("features: {} bytes are no whole number of samples of {}", bytes.size(), d));
  }
}

Features::Features(linalg::Matrix values)
    : n_(values.rows()), d_(values.columns()), values_(std::move(values)) {}

void Features::copy(std::size_t begin, std::size_t end, float* out) const {
  if (is_bytes_) {
    scale_bytes(bytes_.data() + begin * d_, (end - begin) * d_, scale_, out);
  } else {
    std::copy(values_.data() + begin * d_, values_.data() + end * d_, out);
  }
}

std::vector<std::int32_t> present_classes(const Samples& samples) {
  std::vector<bool> seen(samples.classes);
  for (const std::int32_t label : samples.labels) seen[static_cast<std::size_t>(label)] = true;
  std::vector<std::int32_t> present;
  for (std::size_t c = 0; c < seen.size(); ++c) {
    if (seen[c]) present.push_back(static_cast<std::int32_t>(c));
  }
  return present;
}

}  // namespace thimble::classical
