#include "classical/line_search.hpp"

#include <algorithm>
#include <cmath>

namespace thimble::classical {
namespace {

// Nocedal and Wright's values for quasi-Newton methods, section 3.1.
constexpr double kDecrease = 1e-4;
constexpr double kCurvature = 0.9;
constexpr int kMaxTrials = 40;
constexpr double kLargestStep = 1e10;

/// Minimiser of the cubic through two points' values and slopes, kept away from both ends.
double cubic_minimizer(const LinePoint& a, const LinePoint& b) {
  const double low = std::min(a.step, b.step);
  const double width = std::abs(b.step - a.step);
  const double d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step);
  const double square = d1 * d1 - a.slope * b.slope;
  double step = low + width / 2;
  if (square >= 0) {
    const double d2 = std::copysign(std::sqrt(square), b.step - a.step);
    const double cubic =
        b.step - (b.step - a.step) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
    if (std::isfinite(cubic)) step = cubic;
  }
  return std::clamp(step, low + 0.1 * width, low + 0.9 * width);
}

class Search {
 public:
  Search(const std::function<LinePoint(double)>& evaluate, const LinePoint& start)
      : evaluate_(evaluate), start_(start) {}

  std::optional<LinePoint> run(double first) {
    LinePoint previous = start_;
    for (double step = first; trials_ < kMaxTrials && step < kLargestStep;) {
      const LinePoint point = try_step(step);
      if (!std::isfinite(point.value) || !std::isfinite(point.slope)) {
        step = (previous.step + step) / 2;
        continue;
      }
      if (too_high(point) || (previous.step > 0 && point.value >= previous.value)) {
        return zoom(previous, point);
      }
      if (flat(point)) return point;
      if (point.slope >= 0) return zoom(point, previous);
      previous = point;
      step *= 2;
    }
    return settle(previous);
  }

 private:
  LinePoint try_step(double step) {
    ++trials_;
    last_ = evaluate_(step);
    return last_;
  }
  bool too_high(const LinePoint& p) const {
    return p.value > start_.value + kDecrease * p.step * start_.slope;
  }
  bool flat(const LinePoint& p) const { return std::abs(p.slope) <= -kCurvature * start_.slope; }

  /// `low` has the lowest value so far, and the interval to `high` holds a good step.
  std::optional<LinePoint> zoom(LinePoint low, LinePoint high) {
    while (trials_ < kMaxTrials &&
           std::abs(high.step - low.step) > 1e-14 * std::max(low.step, high.step)) {
      const LinePoint point = try_step(cubic_minimizer(low, high));
      if (!std::isfinite(point.value) || too_high(point) || point.value >= low.value) {
        high = point;
        if (!std::isfinite(point.value)) high.value = high.slope = HUGE_VAL;
        continue;
      }
      if (flat(point)) return point;
      if (point.slope * (high.step - low.step) >= 0) high = low;
      low = point;
    }
    return settle(low);
  }

  /// Where no step satisfies both conditions in floating point: any decrease will do.
  std::optional<LinePoint> settle(const LinePoint& best) {
    if (best.step <= 0 || !(best.value < start_.value)) return std::nullopt;
    if (last_.step != best.step) try_step(best.step);
    return best;
  }

  const std::function<LinePoint(double)>& evaluate_;
  LinePoint start_;
  LinePoint last_{};
  int trials_ = 0;
};

}  // namespace

std::optional<LinePoint> wolfe_line_search(const std::function<LinePoint(double)>& evaluate,
                                           const LinePoint& start, double first) {
  return Search(evaluate, start).run(first);
}

}  // namespace thimble::classical
