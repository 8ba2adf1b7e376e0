#include "imaging/photo/object.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "imaging/photo/components.hpp"
#include "imaging/photo/distance.hpp"
#include "imaging/photo/frame.hpp"
#include "imaging/photo/shadow.hpp"

namespace thimble::photo {
namespace {

/// Longer edge at which an object is looked for.
constexpr int kSearchEdge = 160;
/// An object's longer edge at which it is laid out: several pixels for each of the result's.
constexpr double kDetailEdge = 112;

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
  constexpr int kMost = 64;  // a side
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
  constexpr int kAcross = 24;
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
  const auto place = [&](int first, int i, int of_first, int size) {
    const int at = (first + i * planes.step + planes.step / 2 - of_first) / of.step;
    return static_cast<std::size_t>(std::clamp(at, 0, size - 1));
  };
  const auto width = static_cast<std::size_t>(planes.width);
  std::vector<std::size_t> columns(width);
  for (int x = 0; x < planes.width; ++x) {
    columns[static_cast<std::size_t>(x)] = place(planes.left, x, of.left, mask.width);
  }
  Mask found(planes.height, planes.width);
  for (int y = 0; y < planes.height; ++y) {
    const std::uint8_t* from = mask.pixels.data() + place(planes.top, y, of.top, mask.height) *
                                                        static_cast<std::size_t>(mask.width);
    std::uint8_t* to = found.pixels.data() + static_cast<std::size_t>(y) * width;
    for (std::size_t x = 0; x < width; ++x) to[x] = from[columns[x]];
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
  const std::vector<float> soft = measure_distance(soften(closer), object.background);
  Mask near = look_up(widen(mask, 1), coarse, closer);
  const Mask inside = look_up(narrow(mask, 1), coarse, closer);
  for (std::size_t i = 0; i < near.pixels.size(); ++i) {
    if (soft[i] < 1) near.pixels[i] = near.pixels[i] != 0 ? inside.pixels[i] : std::uint8_t{0};
  }
  object.coverage = measure_coverage(closer, measure_distance(closer, object.background), near);
  object.planes = std::move(closer);
}

/// Is the photo an enlarged picture of a data set: grey, on what is black everywhere?
bool is_negative(const Planes& planes, const Background& background) {
  constexpr float kBlack = 8;
  constexpr float kGrey = 3;
  if (!planes.alpha.empty()) return false;
  const auto colored = [](float value) { return std::abs(value) > kGrey; };
  if (std::ranges::any_of(planes.cb, colored) || std::ranges::any_of(planes.cr, colored)) {
    return false;
  }
  std::vector<float> row(static_cast<std::size_t>(planes.width));
  for (int y = 0; y < planes.height; y += std::max(1, planes.height / 8)) {
    background.draw_row(planes, 0, y, row);
    if (std::ranges::max(row) > kBlack) return false;
  }
  return background.luma_noise() < kGrey;
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
  const Planes soft = soften(planes);
  object.background =
      transparent ? Background::plain({255, 0, 0})
                  : Background::fit(sample_edge(soft), photo.shape.height, photo.shape.width);

  std::vector<float> distance;
  Mask mask;
  KeptParts kept;
  constexpr int kRounds = 2;
  for (int round = 0; round < kRounds; ++round) {
    distance = measure_distance(soft, object.background);
    mask = at_least(distance, planes, 1);
    if (transparent || round + 1 == kRounds) break;
    const std::vector<Sample> outside = sample_outside(soft, mask);
    constexpr std::size_t kFewest = 100;
    if (outside.size() < kFewest) break;
    object.background = object.background.refit(outside);
  }
  clear_shadows(mask, soft, object.background);
  kept = keep_object(mask, at_least(distance, planes, kCertain));
  object.found = kept.any;
  if (!kept.any) return object;
  object.negative = is_negative(planes, object.background);
  close_holes(mask, distance);
  object.cut_off = kept.sides_touched > 0;
  const double longer = std::max(kept.right - kept.left, kept.bottom - kept.top);
  if (planes.step > 1 && longer < kDetailEdge) {
    look_closer(photo, kept, mask, object);
  } else {
    object.coverage = measure_coverage(planes, measure_distance(planes, object.background), mask);
  }
  object.box = find_box(object.coverage, object.planes.height, object.planes.width);
  const double step = object.planes.step;
  object.share =
      object.box.width() * object.box.height() * step * step / (whole.width() * whole.height());
  return object;
}

}  // namespace thimble::photo
