#include "data/garments/path.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace thimble::garments {
namespace {

// A curve as long as a whole picture of 280 pixels then stays within half a pixel of its chords.
constexpr int kCurvePieces = 12;
constexpr int kEllipsePieces = 40;

}  // namespace

Path& Path::line(Point end) {
  points_.push_back(end);
  return *this;
}

Path& Path::curve(Point control, Point end) {
  const Point start = points_.back();
  return curve(lerp(start, control, 2.0 / 3.0), lerp(end, control, 2.0 / 3.0), end);
}

Path& Path::curve(Point control1, Point control2, Point end) {
  const Point start = points_.back();
  for (int i = 1; i <= kCurvePieces; ++i) {
    const double t = static_cast<double>(i) / kCurvePieces;
    const double u = 1.0 - t;
    points_.push_back(u * u * u * start + 3 * u * u * t * control1 + 3 * u * t * t * control2 +
                      t * t * t * end);
  }
  return *this;
}

Path& Path::append(const Path& other) {
  points_.insert(points_.end(), other.points_.begin(), other.points_.end());
  return *this;
}

Path Path::symmetric(double axis) const {
  Path whole = *this;
  Path back = mirrored(axis);
  std::reverse(back.points_.begin(), back.points_.end());
  return whole.append(back);
}

Path Path::mirrored(double axis) const {
  Path image = *this;
  for (Point& point : image.points_) point.x = 2 * axis - point.x;
  return image;
}

Path Path::shifted(Point by) const {
  Path moved = *this;
  for (Point& point : moved.points_) point = point + by;
  return moved;
}

Point Path::at(double t) const {
  double length = 0.0;
  for (std::size_t i = 1; i < points_.size(); ++i) {
    const Point step = points_[i] - points_[i - 1];
    length += std::hypot(step.x, step.y);
  }
  double left = t * length;
  for (std::size_t i = 1; i < points_.size(); ++i) {
    const Point step = points_[i] - points_[i - 1];
    const double piece = std::hypot(step.x, step.y);
    if (piece > 0.0 && left <= piece) return lerp(points_[i - 1], points_[i], left / piece);
    left -= piece;
  }
  return points_.back();
}

Path Path::smooth(std::span<const Point> points) {
  Path path(points.front());
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    const Point before = points[i == 0 ? 0 : i - 1];
    const Point after = points[std::min(i + 2, points.size() - 1)];
    path.curve(points[i] + (1.0 / 6.0) * (points[i + 1] - before),
               points[i + 1] - (1.0 / 6.0) * (after - points[i]), points[i + 1]);
  }
  return path;
}

Path Path::rectangle(Point top_left, Point bottom_right, double corner_radius) {
  const auto [left, top] = top_left;
  const auto [right, bottom] = bottom_right;
  const double r = std::min({corner_radius, (right - left) / 2, (bottom - top) / 2});
  if (r <= 0.0) return Path(top_left).line({right, top}).line(bottom_right).line({left, bottom});
  return Path({left + r, top})
      .line({right - r, top})
      .curve({right, top}, {right, top + r})
      .line({right, bottom - r})
      .curve(bottom_right, {right - r, bottom})
      .line({left + r, bottom})
      .curve({left, bottom}, {left, bottom - r})
      .line({left, top + r})
      .curve(top_left, {left + r, top});
}

Path Path::ellipse(Point centre, double radius_x, double radius_y) {
  Path path;
  for (int i = 0; i < kEllipsePieces; ++i) {
    const double angle = 2 * std::numbers::pi * i / kEllipsePieces;
    path.line(centre + Point{radius_x * std::cos(angle), radius_y * std::sin(angle)});
  }
  return path;
}

}  // namespace thimble::garments
