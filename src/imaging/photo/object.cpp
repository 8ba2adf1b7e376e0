#include "imaging/photo/object.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/simd.hpp"
#include "imaging/photo/components.hpp"
#include "imaging/photo/frame.hpp"

namespace thimble::photo {
namespace {

/// Longer edge at which an object is looked for.
constexpr int kSearchEdge = 256;
/// An object's longer edge at which it is laid out: several pixels for each of the result's.
constexpr double kDetailEdge = 112;

/// How far a pixel is from the background: 1 is the least that counts, kCertain leaves no doubt.
constexpr float kCertain = 2;

/// What counts as standing out: levels of luma and of the colour differences together.
struct Tolerance {
  float luma;
  float color;

  /// 4 % where the background is clean; beyond its noise where it is not.
  static Tolerance of(const Background& background) {
    return {std::max(10.0f, 4 * background.luma_noise()),
            std::max(7.0f, 4 * background.color_noise())};
  }
};

/// distance^2 of a row of pixels.
THIMBLE_SIMD_CLONES
void add_squares(float* __restrict sums, const float* __restrict values,
                 const float* __restrict expected, float scale, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const float off = (values[i] - expected[i]) * scale;
    sums[i] += off * off;
  }
}

THIMBLE_SIMD_CLONES
void take_roots(float* values, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) values[i] = std::sqrt(values[i]);
}

/// How much each pixel stands out, in units of the tolerance.
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
  for (int y = 0; y < planes.height; ++y) {
    const std::size_t row = static_cast<std::size_t>(y) * width;
    const auto add = [&](int channel, const std::vector<float>& plane, float scale) {
      background.draw_row(planes, channel, y, expected);
      add_squares(distance.data() + row, plane.data() + row, expected.data(), scale, width);
    };
    add(0, planes.luma, 1 / tolerance.luma);
    if (planes.grey()) continue;
    add(1, planes.cb, 1 / tolerance.color);
    add(2, planes.cr, 1 / tolerance.color);
  }
  take_roots(distance.data(), distance.size());
  return distance;
}

Mask at_least(const std::vector<float>& values, const Planes& planes, float bound) {
  Mask mask(planes.height, planes.width);
  std::ranges::transform(values, mask.pixels.begin(),
                         [bound](float value) { return std::uint8_t{value >= bound}; });
  return mask;
}

Sample sample_at(const Planes& planes, int x, int y) {
  const std::size_t i = static_cast<std::size_t>(y) * static_cast<std::size_t>(planes.width) +
                        static_cast<std::size_t>(x);
  const auto step = static_cast<float>(planes.step);
  Sample sample;
  sample.x = static_cast<float>(planes.left) + (static_cast<float>(x) + 0.5f) * step;
  sample.y = static_cast<float>(planes.top) + (static_cast<float>(y) + 0.5f) * step;
  sample.color[0] = planes.luma[i];
  if (!planes.grey()) {
    sample.color[1] = planes.cb[i];
    sample.color[2] = planes.cr[i];
  }
  return sample;
}

/// Pixels along the edge of the photo, spread evenly.
std::vector<Sample> sample_edge(const Planes& planes) {
  constexpr int kMost = 100;  // a side
  std::vector<Sample> samples;
  const int depth = std::max(1, std::min(planes.width, planes.height) / 40);
  const int x_step = std::max(1, planes.width / kMost);
  const int y_step = std::max(1, planes.height / kMost);
  int turn = 0;  // through the depth, so that no line along the edge counts alone
  for (int x = 0; x < planes.width; x += x_step, ++turn) {
    const int inwards = std::min(turn % depth, planes.height - 1);
    samples.push_back(sample_at(planes, x, inwards));
    samples.push_back(sample_at(planes, x, planes.height - 1 - inwards));
  }
  for (int y = 0; y < planes.height; y += y_step, ++turn) {
    const int inwards = std::min(turn % depth, planes.width - 1);
    samples.push_back(sample_at(planes, inwards, y));
    samples.push_back(sample_at(planes, planes.width - 1 - inwards, y));
  }
  return samples;
}

/// Pixels all over the photo that are not near the mask.
std::vector<Sample> sample_outside(const Planes& planes, const Mask& mask) {
  constexpr int kAcross = 32;
  const Mask near = widen(mask, 3);
  std::vector<Sample> samples;
  const int x_step = std::max(1, planes.width / kAcross);
  const int y_step = std::max(1, planes.height / kAcross);
  for (int y = y_step / 2; y < planes.height; y += y_step) {
    for (int x = x_step / 2; x < planes.width; x += x_step) {
      const std::size_t i = static_cast<std::size_t>(y) * static_cast<std::size_t>(planes.width) +
                            static_cast<std::size_t>(x);
      if (near.pixels[i] == 0) samples.push_back(sample_at(planes, x, y));
    }
  }
  return samples;
}

/// The largest value within 2 pixels along a row or, with a stride, a column.
THIMBLE_SIMD_CLONES
void keep_larger(float* __restrict to, const float* __restrict from, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) to[i] = std::max(to[i], from[i]);
}

/// The largest of the values in the 5 x 5 pixels around each.
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

/// How much of each pixel is the object. A pixel on the outline mixes it with the background; as
/// much as it stands out less than the object beside it.
std::vector<float> measure_coverage(const Planes& planes, const std::vector<float>& distance,
                                    const Mask& object) {
  if (!planes.alpha.empty()) {
    std::vector<float> coverage(planes.alpha);
    for (std::size_t i = 0; i < coverage.size(); ++i) {
      if (object.pixels[i] == 0) coverage[i] = 0;
    }
    return coverage;
  }
  const Mask near = widen(object, 1);
  std::vector<float> inside(distance.size());
  std::vector<float> outside(distance.size());
  for (std::size_t i = 0; i < inside.size(); ++i) {
    inside[i] = object.pixels[i] != 0 ? distance[i] : 0;
    outside[i] = object.pixels[i] != 0 ? 0.0f : 1.0f;
  }
  const std::vector<float> strongest = largest_around(inside, planes.height, planes.width);
  const std::vector<float> on_outline = largest_around(outside, planes.height, planes.width);
  std::vector<float> coverage(distance.size());
  for (std::size_t i = 0; i < coverage.size(); ++i) {
    if (near.pixels[i] == 0) continue;
    const bool whole = object.pixels[i] != 0 && on_outline[i] == 0;
    coverage[i] = whole ? 1 : std::min(1.0f, distance[i] / std::max(strongest[i], 1.0f));
  }
  return coverage;
}

/// Where the object begins and ends along an axis, from the coverage of each column (or row).
struct Extent {
  double begin;
  double end;
};

Extent find_extent(const std::vector<float>& sums, const std::vector<float>& largest) {
  constexpr float kHalf = 0.5f;
  const auto counts = [&](std::size_t i) { return sums[i] >= 1 && largest[i] >= kHalf; };
  const std::size_t n = sums.size();
  std::size_t first = 0;
  while (first < n && !counts(first)) ++first;
  if (first == n) return {0, static_cast<double>(n)};
  std::size_t last = n - 1;
  while (!counts(last)) --last;
  return {static_cast<double>(first) + (1 - std::min(1.0f, largest[first])),
          static_cast<double>(last) + std::min(1.0f, largest[last])};
}

Box find_box(const std::vector<float>& coverage, int height, int width) {
  const auto h = static_cast<std::size_t>(height);
  const auto w = static_cast<std::size_t>(width);
  std::vector<float> column_sums(w);
  std::vector<float> column_largest(w);
  std::vector<float> row_sums(h);
  std::vector<float> row_largest(h);
  for (std::size_t y = 0; y < h; ++y) {
    const float* row = coverage.data() + y * w;
    for (std::size_t x = 0; x < w; ++x) {
      column_sums[x] += row[x];
      column_largest[x] = std::max(column_largest[x], row[x]);
      row_sums[y] += row[x];
      row_largest[y] = std::max(row_largest[y], row[x]);
    }
  }
  const Extent x = find_extent(column_sums, column_largest);
  const Extent y = find_extent(row_sums, row_largest);
  return {x.begin, y.begin, x.end, y.end};
}

int step_for(double longer, double wanted) {
  return std::max(1, static_cast<int>(std::ceil(longer / wanted)));
}

/// The mask of other planes of the same photo, at the places of these.
Mask look_up(const Mask& mask, const Planes& of, const Planes& planes) {
  Mask found(planes.height, planes.width);
  for (int y = 0; y < planes.height; ++y) {
    const int row = std::clamp((planes.top + y * planes.step + planes.step / 2 - of.top) / of.step,
                               0, mask.height - 1);
    for (int x = 0; x < planes.width; ++x) {
      const int column = std::clamp(
          (planes.left + x * planes.step + planes.step / 2 - of.left) / of.step, 0, mask.width - 1);
      found.pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(planes.width) +
                   static_cast<std::size_t>(x)] =
          mask.pixels[static_cast<std::size_t>(row) * static_cast<std::size_t>(mask.width) +
                      static_cast<std::size_t>(column)];
    }
  }
  return found;
}

/// A small object is looked at again, closer.
void look_closer(const Picture& photo, const KeptParts& kept, const Mask& mask, Object& object) {
  const Planes& coarse = object.planes;
  constexpr int kMargin = 3;
  const Box around{static_cast<double>(coarse.left + (kept.left - kMargin) * coarse.step),
                   static_cast<double>(coarse.top + (kept.top - kMargin) * coarse.step),
                   static_cast<double>(coarse.left + (kept.right + kMargin) * coarse.step),
                   static_cast<double>(coarse.top + (kept.bottom + kMargin) * coarse.step)};
  const int step = step_for(around.longer(), 2 * kDetailEdge);
  Planes closer = shrink_to_planes(photo, around, step);
  const std::vector<float> distance = measure_distance(closer, object.background);
  Mask near = look_up(widen(mask, 1), coarse, closer);
  for (std::size_t i = 0; i < near.pixels.size(); ++i) near.pixels[i] &= distance[i] >= 1;
  object.coverage = measure_coverage(closer, distance, near);
  object.planes = std::move(closer);
}

}  // namespace

Object find_object(const Picture& photo) {
  const Box whole{0, 0, static_cast<double>(photo.shape.width),
                  static_cast<double>(photo.shape.height)};
  Object object;
  object.planes = shrink_to_planes(photo, whole, step_for(whole.longer(), kSearchEdge));
  const Box inner = find_frame(object.planes);
  if (inner.width() < whole.width() || inner.height() < whole.height()) {
    object.planes = shrink_to_planes(photo, inner, step_for(inner.longer(), kSearchEdge));
  }
  const Planes& planes = object.planes;
  const bool transparent = !planes.alpha.empty();
  object.background =
      transparent ? Background::plain({255, 0, 0})
                  : Background::fit(sample_edge(planes), photo.shape.height, photo.shape.width);

  std::vector<float> distance;
  Mask mask;
  KeptParts kept;
  constexpr int kRounds = 2;
  for (int round = 0; round < kRounds; ++round) {
    distance = measure_distance(planes, object.background);
    mask = at_least(distance, planes, 1);
    const Mask everything = mask;
    kept = keep_object(mask, at_least(distance, planes, kCertain));
    if (transparent || round + 1 == kRounds) break;
    const std::vector<Sample> outside = sample_outside(planes, everything);
    constexpr std::size_t kFewest = 100;
    if (outside.size() < kFewest) break;
    object.background = Background::fit(outside, photo.shape.height, photo.shape.width);
  }
  object.found = kept.any;
  if (!kept.any) return object;
  object.cut_off = kept.sides_touched > 0;
  const double longer = std::max(kept.right - kept.left, kept.bottom - kept.top);
  if (planes.step > 1 && longer < kDetailEdge) {
    look_closer(photo, kept, mask, object);
  } else {
    object.coverage = measure_coverage(planes, distance, mask);
  }
  object.box = find_box(object.coverage, object.planes.height, object.planes.width);
  const double step = object.planes.step;
  object.share =
      object.box.width() * object.box.height() * step * step / (whole.width() * whole.height());
  return object;
}

}  // namespace thimble::photo
