#include "models/picture_variation.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.hpp"

namespace thimble {
namespace {

// How far photos of a data set's pictures, laid out anew, were seen to differ from them.
constexpr double kMostZoom = 0.05;
constexpr double kMostShift = 0.04;  // of a side
constexpr double kLeastBlur = 1.0;   // half width of the triangle, in pixels: 1 interpolates
constexpr double kMostBlur = 1.9;
constexpr double kLeastGain = 0.8;
constexpr double kMostGain = 1.15;

/// Which pixels along an axis make up one pixel of the copy.
struct Taps {
  static constexpr int kMost = 4;
  int at[kMost] = {};
  float share[kMost] = {};
};

/// Taps for every pixel of an axis. Pixels outside repeat the edge.
std::vector<Taps> axis_taps(int size, double zoom, double shift, double blur, bool mirrored) {
  std::vector<Taps> taps(static_cast<std::size_t>(size));
  const double centre = (size - 1) / 2.0;
  for (int i = 0; i < size; ++i) {
    const double from = (i - centre) / zoom + centre - shift;
    Taps& tap = taps[static_cast<std::size_t>(mirrored ? size - 1 - i : i)];
    const int first = static_cast<int>(std::ceil(from - blur));
    double sum = 0;
    double shares[Taps::kMost] = {};
    for (int t = 0; t < Taps::kMost; ++t) {
      tap.at[t] = std::clamp(first + t, 0, size - 1);
      shares[t] = std::max(0.0, blur - std::abs(first + t - from));
      sum += shares[t];
    }
    for (int t = 0; t < Taps::kMost; ++t) tap.share[t] = static_cast<float>(shares[t] / sum);
  }
  return taps;
}

}  // namespace

void PictureVariation::apply(std::span<const std::uint8_t> picture, std::uint64_t seed,
                             std::span<std::uint8_t> out) const {
  Random random(seed);
  const double zoom = random.uniform(1 - kMostZoom, 1 + kMostZoom);
  const double blur = random.uniform(kLeastBlur, kMostBlur);
  const auto gain = static_cast<float>(random.uniform(kLeastGain, kMostGain));
  const bool mirrored = random.below(2) == 1;
  const auto taps = [&](int size, bool mirror) {
    const double shift = size * random.uniform(-kMostShift, kMostShift);
    return axis_taps(size, zoom, shift, blur, mirror);
  };
  const std::vector<Taps> columns = taps(shape_.width, mirrored);
  const std::vector<Taps> rows = taps(shape_.height, false);

  const auto channels = static_cast<std::size_t>(shape_.channels);
  const std::size_t row_size = static_cast<std::size_t>(shape_.width) * channels;
  std::vector<float> narrowed(picture.size());
  for (std::size_t y = 0; y < rows.size(); ++y) {
    const std::uint8_t* from = picture.data() + y * row_size;
    float* to = narrowed.data() + y * row_size;
    for (const Taps& tap : columns) {
      for (std::size_t c = 0; c < channels; ++c) {
        float sum = 0;
        for (int t = 0; t < Taps::kMost; ++t) {
          sum += tap.share[t] * from[static_cast<std::size_t>(tap.at[t]) * channels + c];
        }
        *to++ = sum;
      }
    }
  }
  for (std::size_t y = 0; y < rows.size(); ++y) {
    const Taps& tap = rows[y];
    const auto row = [&](int t) {
      return narrowed.data() + static_cast<std::size_t>(tap.at[t]) * row_size;
    };
    const float* from[] = {row(0), row(1), row(2), row(3)};
    for (std::size_t x = 0; x < row_size; ++x) {
      const float sum = tap.share[0] * from[0][x] + tap.share[1] * from[1][x] +
                        tap.share[2] * from[2][x] + tap.share[3] * from[3][x];
      out[y * row_size + x] = static_cast<std::uint8_t>(std::min(gain * sum + 0.5F, 255.0F));
    }
  }
}

}  // namespace thimble
