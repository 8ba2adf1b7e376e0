#include "imaging/photo/distance.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "base/simd.hpp"

namespace thimble::photo {
namespace {

/// What counts as standing out: levels of luma and of the colour differences together.
struct Tolerance {
  float luma;
  float color;

  /// 2 % where the background is clean; beyond its noise where it is not.
  static Tolerance of(const Background& background) {
    return {std::max(6.0f, 4 * background.luma_noise()),
            std::max(5.0f, 4 * background.color_noise())};
  }
};

/// The length of a vector of three, within a tenth: its largest part, and a third of the others.
/// Square roots would take longer than all the rest.
THIMBLE_SIMD_CLONES
void add_up(float* __restrict out, const float* __restrict luma, const float* __restrict cb,
            const float* __restrict cr, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const float largest = std::max(luma[i], std::max(cb[i], cr[i]));
    out[i] = largest + (luma[i] + cb[i] + cr[i] - largest) * (1.0f / 3);
  }
}

THIMBLE_SIMD_CLONES
void measure_channel(float* __restrict out, const float* __restrict values,
                     const float* __restrict expected, float scale, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = std::abs(values[i] - expected[i]) * scale;
}

THIMBLE_SIMD_CLONES
void keep_larger(float* __restrict to, const float* __restrict from, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) to[i] = std::max(to[i], from[i]);
}

THIMBLE_SIMD_CLONES
void add_three(float* __restrict to, const float* __restrict a, const float* __restrict b,
               const float* __restrict c, float scale, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) to[i] = (a[i] + b[i] + c[i]) * scale;
}

std::vector<float> average_three_by_three(const std::vector<float>& plane, int height, int width) {
  std::vector<float> soft(plane.size());
  const auto w = static_cast<std::size_t>(width);
  // One column more on each side, like its neighbour.
  std::vector<float> column(w + 2);
  for (int y = 0; y < height; ++y) {
    const auto row = [&](int k) {
      return plane.data() + static_cast<std::size_t>(std::clamp(k, 0, height - 1)) * w;
    };
    add_three(column.data() + 1, row(y - 1), row(y), row(y + 1), 1.0f / 9, w);
    column[0] = column[1];
    column[w + 1] = column[w];
    add_three(soft.data() + static_cast<std::size_t>(y) * w, column.data(), column.data() + 1,
              column.data() + 2, 1, w);
  }
  return soft;
}

}  // namespace

Planes soften(const Planes& planes) {
  Planes soft;
  soft.height = planes.height;
  soft.width = planes.width;
  soft.left = planes.left;
  soft.top = planes.top;
  soft.step = planes.step;
  soft.alpha = planes.alpha;
  soft.luma = average_three_by_three(planes.luma, planes.height, planes.width);
  if (!planes.grey()) {
    soft.cb = average_three_by_three(planes.cb, planes.height, planes.width);
    soft.cr = average_three_by_three(planes.cr, planes.height, planes.width);
  }
  return soft;
}

std::vector<float> measure_distance(const Planes& planes, const Background& background) {
  std::vector<float> distance(planes.size());
  if (!planes.alpha.empty()) {
    std::ranges::transform(planes.alpha, distance.begin(),
                           [](float alpha) { return 2 * kCertain * alpha; });
    return distance;
  }
  const Tolerance tolerance = Tolerance::of(background);
  const auto width = static_cast<std::size_t>(planes.width);
  std::vector<float> expected(width);
  std::vector<float> off[3] = {std::vector<float>(width), std::vector<float>(width),
                               std::vector<float>(width)};
  for (int y = 0; y < planes.height; ++y) {
    const std::size_t row = static_cast<std::size_t>(y) * width;
    const auto measure = [&](int channel, const std::vector<float>& plane, float scale) {
      background.draw_row(planes, channel, y, expected);
      measure_channel(off[channel].data(), plane.data() + row, expected.data(), scale, width);
    };
    measure(0, planes.luma, 1 / tolerance.luma);
    if (!planes.grey()) {
      measure(1, planes.cb, 1 / tolerance.color);
      measure(2, planes.cr, 1 / tolerance.color);
    }
    add_up(distance.data() + row, off[0].data(), off[1].data(), off[2].data(), width);
  }
  return distance;
}

std::vector<float> largest_around(const std::vector<float>& values, int height, int width) {
  constexpr int kReach = 2;
  std::vector<float> across = values;
  const auto w = static_cast<std::size_t>(width);
  for (int y = 0; y < height; ++y) {
    const std::size_t row = static_cast<std::size_t>(y) * w;
    for (int shift = 1; shift <= std::min(kReach, width - 1); ++shift) {
      const auto s = static_cast<std::size_t>(shift);
      keep_larger(across.data() + row + s, values.data() + row, w - s);
      keep_larger(across.data() + row, values.data() + row + s, w - s);
    }
  }
  std::vector<float> around = across;
  for (int y = 0; y < height; ++y) {
    for (int k = std::max(0, y - kReach); k <= std::min(height - 1, y + kReach); ++k) {
      if (k == y) continue;
      keep_larger(around.data() + static_cast<std::size_t>(y) * w,
                  across.data() + static_cast<std::size_t>(k) * w, w);
    }
  }
  return around;
}

}  // namespace thimble::photo
