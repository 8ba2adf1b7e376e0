#include "data/garments/canvas.hpp"

#include <algorithm>
#include <cmath>

namespace thimble::garments {
namespace {

// Adds the signed area to the right of one edge, row by row, as differences along x; their running
// sum is the coverage. (The accumulation buffer of Levien's font-rs; exact for simple outlines.)
void accumulate_row(float* row, double x_from, double x_to, double signed_height) {
  const double x0 = std::min(x_from, x_to);
  const double x1 = std::max(x_from, x_to);
  const int first = static_cast<int>(x0);
  const int last = static_cast<int>(std::ceil(x1));
  const auto add = [&](int i, double value) { row[i] += static_cast<float>(value); };
  if (last <= first + 1) {
    const double middle = 0.5 * (x0 + x1) - first;
    add(first, signed_height * (1.0 - middle));
    add(first + 1, signed_height * middle);
    return;
  }
  // The edge crosses several pixels: its area grows quadratically in the first and the last and
  // linearly between.
  const double slope = 1.0 / (x1 - x0);
  double before = 0.0;
  for (int i = first; i < last; ++i) {
    // Area of pixel i right of the edge, per unit of height.
    const double enter = std::max(x0, static_cast<double>(i));
    const double leave = std::min(x1, static_cast<double>(i + 1));
    const double passed = (leave - x0) * slope;
    const double inside = (leave - enter) * slope * (i + 1 - 0.5 * (enter + leave));
    const double area = (enter - x0) * slope + inside;
    add(i, signed_height * (area - before));
    before = area;
    if (i + 1 == last) add(last, signed_height * (passed - area));
  }
}

void accumulate_edge(std::vector<float>& area, int width, int height, Point from, Point to) {
  if (from.y == to.y) return;
  const double sign = from.y < to.y ? 1.0 : -1.0;
  if (from.y > to.y) std::swap(from, to);
  const double slope = (to.x - from.x) / (to.y - from.y);
  const int first = std::max(0, static_cast<int>(std::floor(from.y)));
  const int last = std::min(height, static_cast<int>(std::ceil(to.y)));
  for (int y = first; y < last; ++y) {
    const double top = std::max(from.y, static_cast<double>(y));
    const double bottom = std::min(to.y, static_cast<double>(y + 1));
    const double x_top = std::clamp(from.x + slope * (top - from.y), 0.0, double(width));
    const double x_bottom = std::clamp(from.x + slope * (bottom - from.y), 0.0, double(width));
    accumulate_row(area.data() + static_cast<std::size_t>(y) * (width + 2), x_top, x_bottom,
                   sign * (bottom - top));
  }
}

// Running mean over 2 * radius + 1 values, twice along each axis; outside the mask is 0.
std::vector<float> blurred(const Mask& mask, int radius) {
  std::vector<float> result = mask.coverage;
  std::vector<float> line;
  const auto pass = [&](int length, int stride, float* start) {
    line.resize(static_cast<std::size_t>(length));
    for (int i = 0; i < length; ++i) line[i] = start[i * stride];
    const auto at = [&](int i) { return i < 0 || i >= length ? 0.0f : line[i]; };
    float sum = 0.0f;
    for (int i = -radius; i <= radius; ++i) sum += at(i);
    const float scale = 1.0f / static_cast<float>(2 * radius + 1);
    for (int i = 0; i < length; ++i) {
      start[i * stride] = sum * scale;
      sum += at(i + radius + 1) - at(i - radius);
    }
  };
  for (int repeat = 0; repeat < 2; ++repeat) {
    for (int y = 0; y < mask.height; ++y) pass(mask.width, 1, &result[y * mask.width]);
    for (int x = 0; x < mask.width; ++x) pass(mask.height, mask.width, &result[x]);
  }
  return result;
}

// A cheap bell curve of standard deviation 1: the sum of four uniform 16-bit numbers.
double bell(std::uint64_t bits) {
  const double sum = static_cast<double>((bits & 0xFFFF) + (bits >> 16 & 0xFFFF) +
                                         (bits >> 32 & 0xFFFF) + (bits >> 48));
  return (sum / 65536.0 - 2.0) * std::sqrt(3.0);
}

double distance_to_segment(Point p, Point a, Point b) {
  const Point along = b - a;
  const Point offset = p - a;
  const double length2 = along.x * along.x + along.y * along.y;
  const double t = length2 > 0.0
                       ? std::clamp((offset.x * along.x + offset.y * along.y) / length2, 0.0, 1.0)
                       : 0.0;
  return std::hypot(offset.x - t * along.x, offset.y - t * along.y);
}

}  // namespace

float Mask::at(int x, int y) const {
  const int i = x - left;
  const int j = y - top;
  if (i < 0 || j < 0 || i >= width || j >= height) return 0.0f;
  return coverage[static_cast<std::size_t>(j) * width + i];
}

Mask Mask::within(const Mask& clip) const {
  Mask inside = *this;
  for (int j = 0; j < height; ++j) {
    for (int i = 0; i < width; ++i) {
      inside.coverage[static_cast<std::size_t>(j) * width + i] *= clip.at(left + i, top + j);
    }
  }
  return inside;
}

Canvas::Canvas(const PictureShape& shape, const Pose& pose)
    : shape_(shape),
      values_(shape.size(), 0.0f),
      alpha_(static_cast<std::size_t>(shape.height) * shape.width, 0.0f) {
  const double side = std::min(shape.height, shape.width);
  const double cosine = std::cos(pose.rotation) * side;
  const double sine = std::sin(pose.rotation) * side;
  // Rotation * shear * scale, about the middle of the unit square.
  const double a = cosine * pose.scale_x;
  const double b = cosine * pose.shear * pose.scale_y - sine * pose.scale_y;
  const double c = sine * pose.scale_x;
  const double d = sine * pose.shear * pose.scale_y + cosine * pose.scale_y;
  const double x = shape.width / 2.0 + side * pose.offset.x - (a + b) / 2;
  const double y = shape.height / 2.0 + side * pose.offset.y - (c + d) / 2;
  forward_ = {a, b, x, c, d, y};
  const double determinant = a * d - b * c;
  backward_ = {d / determinant,  -b / determinant, (b * y - d * x) / determinant,
               -c / determinant, a / determinant,  (c * x - a * y) / determinant};
  pixels_per_unit_ = std::sqrt(std::abs(determinant));
}

Point Canvas::to_pixels(Point garment) const {
  return {forward_[0] * garment.x + forward_[1] * garment.y + forward_[2],
          forward_[3] * garment.x + forward_[4] * garment.y + forward_[5]};
}

Point Canvas::to_garment(double x, double y) const {
  return {backward_[0] * x + backward_[1] * y + backward_[2],
          backward_[3] * x + backward_[4] * y + backward_[5]};
}

Mask Canvas::empty_mask(Point low, Point high) const {
  Mask mask;
  mask.left = std::clamp(static_cast<int>(std::floor(low.x)), 0, shape_.width);
  mask.top = std::clamp(static_cast<int>(std::floor(low.y)), 0, shape_.height);
  mask.width = std::clamp(static_cast<int>(std::ceil(high.x)), mask.left, shape_.width) - mask.left;
  mask.height = std::clamp(static_cast<int>(std::ceil(high.y)), mask.top, shape_.height) - mask.top;
  mask.coverage.assign(static_cast<std::size_t>(mask.width) * mask.height, 0.0f);
  return mask;
}

Mask Canvas::fill(const Path& outline) const {
  std::vector<Point> points;
  points.reserve(outline.points().size());
  Point low{1e9, 1e9};
  Point high{-1e9, -1e9};
  for (const Point& point : outline.points()) {
    points.push_back(to_pixels(point));
    low = {std::min(low.x, points.back().x), std::min(low.y, points.back().y)};
    high = {std::max(high.x, points.back().x), std::max(high.y, points.back().y)};
  }
  Mask mask = empty_mask(low, high);
  const Point origin{static_cast<double>(mask.left), static_cast<double>(mask.top)};
  const std::size_t row_size = static_cast<std::size_t>(mask.width) + 2;
  std::vector<float> area(row_size * mask.height, 0.0f);
  for (std::size_t i = 0; i < points.size(); ++i) {
    accumulate_edge(area, mask.width, mask.height, points[i] - origin,
                    points[(i + 1) % points.size()] - origin);
  }
  for (int y = 0; y < mask.height; ++y) {
    float sum = 0.0f;
    for (int x = 0; x < mask.width; ++x) {
      sum += area[row_size * y + x];
      mask.coverage[static_cast<std::size_t>(y) * mask.width + x] = std::min(1.0f, std::abs(sum));
    }
  }
  return mask;
}

Mask Canvas::stroke(const Path& line, double width) const {
  const double radius = 0.5 * width * pixels_per_unit_;
  const double reach = radius + 0.5;
  std::vector<Point> points;
  Point low{1e9, 1e9};
  Point high{-1e9, -1e9};
  for (const Point& point : line.points()) {
    points.push_back(to_pixels(point));
    low = {std::min(low.x, points.back().x - reach), std::min(low.y, points.back().y - reach)};
    high = {std::max(high.x, points.back().x + reach), std::max(high.y, points.back().y + reach)};
  }
  Mask mask = empty_mask(low, high);
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    const Point a = points[i];
    const Point b = points[i + 1];
    const Mask box = empty_mask({std::min(a.x, b.x) - reach, std::min(a.y, b.y) - reach},
                                {std::max(a.x, b.x) + reach, std::max(a.y, b.y) + reach});
    for (int y = box.top; y < box.top + box.height; ++y) {
      for (int x = box.left; x < box.left + box.width; ++x) {
        const double distance = distance_to_segment({x + 0.5, y + 0.5}, a, b);
        // Overlap of the pixel, a box of width 1 across the line, with the line.
        const double covered = std::min(distance + 0.5, radius) - std::max(distance - 0.5, -radius);
        float& coverage =
            mask.coverage[static_cast<std::size_t>(y - mask.top) * mask.width + (x - mask.left)];
        coverage = std::max(coverage, static_cast<float>(std::clamp(covered, 0.0, 1.0)));
      }
    }
  }
  return mask;
}

float& Canvas::value(int x, int y, int channel) {
  return values_[(static_cast<std::size_t>(y) * shape_.width + x) * shape_.channels + channel];
}

void Canvas::blend(int x, int y, float alpha, const std::array<float, 3>& colour) {
  for (int c = 0; c < shape_.channels; ++c) {
    float& old = value(x, y, c);
    old += alpha * (std::clamp(colour[c], 0.0f, 1.0f) - old);
  }
  float& covered = alpha_[static_cast<std::size_t>(y) * shape_.width + x];
  covered += alpha * (1.0f - covered);
}

void Canvas::paint(const Mask& mask, const Fabric& fabric, const Relief& relief) {
  const int radius = std::max(1, static_cast<int>(std::lround(relief.radius * pixels_per_unit_)));
  const std::vector<float> height = blurred(mask, radius);
  const auto height_at = [&](int i, int j) {
    i = std::clamp(i, 0, mask.width - 1);
    j = std::clamp(j, 0, mask.height - 1);
    return height[static_cast<std::size_t>(j) * mask.width + i];
  };
  const double footprint = 1.0 / pixels_per_unit_;
  const bool grey = shape_.channels == 1;
  for (int j = 0; j < mask.height; ++j) {
    for (int i = 0; i < mask.width; ++i) {
      const float alpha = mask.coverage[static_cast<std::size_t>(j) * mask.width + i];
      if (alpha <= 0.0f) continue;
      const Point place = to_garment(mask.left + i + 0.5, mask.top + j + 0.5);
      const double low = 1.0 - height_at(i, j);
      const double slope = height_at(i + 1, j) - height_at(i - 1, j) +
                           0.7 * (height_at(i, j + 1) - height_at(i, j - 1));
      const double light = fabric.light(place, footprint) *
                           (1.0 - relief.rim * 1.6 * low * low + relief.light * slope * radius);
      const double mix = fabric.mix(place, footprint);
      std::array<float, 3> colour{};
      for (int c = 0; c < shape_.channels; ++c) {
        const double first = fabric.base.tone * (grey ? 1.0f : fabric.base.tint[c]);
        const double second = fabric.second.tone * (grey ? 1.0f : fabric.second.tint[c]);
        colour[c] = static_cast<float>(light * std::lerp(first, second, mix));
      }
      blend(mask.left + i, mask.top + j, alpha, colour);
    }
  }
}

void Canvas::paint(const Mask& mask, const Ink& ink, double opacity) {
  const std::array<float, 3> colour =
      shape_.channels == 1 ? std::array<float, 3>{ink.tone, ink.tone, ink.tone}
                           : std::array<float, 3>{ink.tone * ink.tint[0], ink.tone * ink.tint[1],
                                                  ink.tone * ink.tint[2]};
  for (int j = 0; j < mask.height; ++j) {
    for (int i = 0; i < mask.width; ++i) {
      const float alpha = mask.coverage[static_cast<std::size_t>(j) * mask.width + i];
      if (alpha > 0.0f) {
        blend(mask.left + i, mask.top + j, alpha * static_cast<float>(opacity), colour);
      }
    }
  }
}

void Canvas::shade(const Mask& mask, double factor) {
  for (int j = 0; j < mask.height; ++j) {
    for (int i = 0; i < mask.width; ++i) {
      const float alpha = mask.coverage[static_cast<std::size_t>(j) * mask.width + i];
      for (int c = 0; c < shape_.channels; ++c) {
        float& old = value(mask.left + i, mask.top + j, c);
        old = std::min(1.0f, old * (1.0f + alpha * static_cast<float>(factor - 1.0)));
      }
    }
  }
}

void Canvas::erase(const Mask& mask) {
  shade(mask, 0.0);
  for (int j = 0; j < mask.height; ++j) {
    for (int i = 0; i < mask.width; ++i) {
      const std::size_t place =
          static_cast<std::size_t>(mask.top + j) * shape_.width + mask.left + i;
      alpha_[place] *= 1.0f - mask.coverage[static_cast<std::size_t>(j) * mask.width + i];
    }
  }
}

void Canvas::finish(double brightness, double gamma, double noise, Random& random,
                    std::span<std::uint8_t> picture) const {
  for (std::size_t pixel = 0; pixel < alpha_.size(); ++pixel) {
    if (alpha_[pixel] <= 0.0f) continue;
    const double jitter = noise * alpha_[pixel] * bell(random.bits());
    for (int c = 0; c < shape_.channels; ++c) {
      const std::size_t place = pixel * shape_.channels + c;
      const double level =
          brightness * std::pow(static_cast<double>(values_[place]), gamma) + jitter;
      picture[place] = static_cast<std::uint8_t>(std::lround(255.0 * std::clamp(level, 0.0, 1.0)));
    }
  }
}

}  // namespace thimble::garments
