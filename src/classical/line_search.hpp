// How far to go along a direction of descent.

#pragma once

#include <functional>
#include <optional>

namespace thimble::classical {

/// A function of one variable and its derivative at a point.
struct LinePoint {
  double step;
  double value;
  double slope;
};

/// Finds a step with the strong Wolfe conditions
///
///     value(t) <= value(0) + 1e-4 t slope(0)   and   |slope(t)| <= 0.9 |slope(0)|
///
/// by algorithms 3.5 and 3.6 of Nocedal and Wright, with cubic interpolation (equation 3.59).
///
/// @param evaluate  value and slope at a step; values that are not finite count as too high
/// @param start     the point at step 0; its slope is negative
/// @param first     the step to try first, > 0
/// @return  the last point evaluated; nothing if rounding leaves no step that decreases the value
std::optional<LinePoint> wolfe_line_search(const std::function<LinePoint(double step)>& evaluate,
                                           const LinePoint& start, double first);

}  // namespace thimble::classical
