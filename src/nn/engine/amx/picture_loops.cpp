#include "nn/engine/amx/picture_loops.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "base/simd.hpp"

namespace thimble::nn::amx {
namespace {

THIMBLE_SIMD_CLONES
void add(const Bf16* a, const Bf16* b, std::size_t n, Bf16* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = to_bf16(from_bf16(a[i]) + from_bf16(b[i]));
}

THIMBLE_SIMD_CLONES
void scale_channels(const Bf16* in, const float* scale, const float* shift, std::size_t n,
                    Bf16* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = to_bf16(from_bf16(in[i]) * scale[i] + shift[i]);
}

THIMBLE_SIMD_CLONES
void take_larger(const Bf16* in, std::size_t n, float* best) {
  for (std::size_t i = 0; i < n; ++i) best[i] = std::max(best[i], from_bf16(in[i]));
}

THIMBLE_SIMD_CLONES
void add_up(const Bf16* in, std::size_t n, float* sums) {
  for (std::size_t i = 0; i < n; ++i) sums[i] += from_bf16(in[i]);
}

THIMBLE_SIMD_CLONES
void scale_all(const float* in, float factor, std::size_t n, Bf16* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = to_bf16(in[i] * factor);
}

}  // namespace

void picture_add(const PictureMap& map, const Bf16* a, const Bf16* b, Bf16* out) {
  add(a, b, map.size(), out);
}

void picture_relu(const PictureMap& map, const Bf16* in, Bf16* out) {
  // As signed integers, bf16 numbers above zero are exactly those above 0.
  std::transform(in, in + map.size(), out,
                 [](Bf16 v) { return static_cast<std::int16_t>(v) > 0 ? v : Bf16{0}; });
}

void picture_gelu(const PictureMap& map, const Bf16* in, Bf16* out) {
  std::transform(in, in + map.size(), out, [](Bf16 v) {
    const float x = from_bf16(v);
    return to_bf16(x / 2 * (1 + std::erf(x / std::numbers::sqrt2_v<float>)));
  });
}

void picture_scale(const PictureMap& map, const Bf16* in, std::span<const float> scale,
                   std::span<const float> shift, Bf16* out) {
  for (int y = 0; y < map.height; ++y) {
    for (int x = 0; x < map.width; ++x) {
      const std::size_t at = map.at(y, x);
      scale_channels(in + at, scale.data(), shift.data(), scale.size(), out + at);
    }
  }
}

void picture_pool(const PictureMap& map, const Bf16* in, const SlidingWindow& window, bool largest,
                  const PictureMap& pooled, Bf16* out) {
  const auto channels = static_cast<std::size_t>(map.channels);
  std::vector<float> values(channels);
  for (int y = 0; y < pooled.height; ++y) {
    const int top = y * window.stride.height - window.pad.height;
    for (int x = 0; x < pooled.width; ++x) {
      const int left = x * window.stride.width - window.pad.width;
      std::ranges::fill(values, largest ? -std::numeric_limits<float>::infinity() : 0.0f);
      int seen = 0;
      for (int v = std::max(top, 0); v < std::min(top + window.kernel.height, map.height); ++v) {
        for (int u = std::max(left, 0); u < std::min(left + window.kernel.width, map.width); ++u) {
          (largest ? take_larger : add_up)(in + map.at(v, u), channels, values.data());
          ++seen;
        }
      }
      scale_all(values.data(), largest ? 1.0f : 1.0f / static_cast<float>(seen), channels,
                out + pooled.at(y, x));
    }
  }
}

}  // namespace thimble::nn::amx
