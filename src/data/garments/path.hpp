// Outlines and lines made of straight and curved pieces, in garment coordinates: the garment stands
// upright in the unit square, x to the right, y down.

#pragma once

#include <span>
#include <vector>

namespace thimble::garments {

struct Point {
  double x = 0.0;
  double y = 0.0;
};

inline Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
inline Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
inline Point operator*(double s, Point a) { return {s * a.x, s * a.y}; }
inline Point lerp(Point a, Point b, double t) { return a + t * (b - a); }

/// A chain of points; curves are flattened as they are added. Filled as a closed outline or drawn
/// as an open line.
class Path {
 public:
  Path() = default;
  explicit Path(Point start) : points_{start} {}

  Path& line(Point end);
  /// Quadratic Bezier curve.
  Path& curve(Point control, Point end);
  /// Cubic Bezier curve.
  Path& curve(Point control1, Point control2, Point end);
  /// The points of another path, joined by a straight line.
  Path& append(const Path& other);

  /// This path, then back along its mirror image at the vertical line x = `axis`.
  Path symmetric(double axis) const;
  Path mirrored(double axis) const;
  Path shifted(Point by) const;
  /// The point a share `t` in [0, 1] along the length.
  Point at(double t) const;

  const std::vector<Point>& points() const { return points_; }

  /// A line through all of `points` without corners (Catmull-Rom).
  static Path smooth(std::span<const Point> points);
  static Path rectangle(Point top_left, Point bottom_right, double corner_radius = 0.0);
  static Path ellipse(Point centre, double radius_x, double radius_y);

 private:
  std::vector<Point> points_;
};

}  // namespace thimble::garments
