#include "classical/lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>

#include <fmt/format.h>

#include "base/error.hpp"
#include "classical/line_search.hpp"

namespace thimble::classical {
namespace {

using Vector = std::vector<double>;
using View = std::span<const double>;

double dot(View a, View b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

void add_scaled(double factor, View from, std::span<double> to) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += factor * from[i];
}

double sign(double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; }

/// The inverse Hessian as the last steps tell it.
class Memory {
 public:
  explicit Memory(std::size_t size) : size_(size) {}

  void add(View step, View gradient_difference) {
    const double sy = dot(step, gradient_difference);
    const double yy = dot(gradient_difference, gradient_difference);
    // A pair without positive curvature would make the matrix indefinite.
    if (!(sy > 1e-16 * yy) || size_ == 0) return;
    if (pairs_.size() == size_) pairs_.pop_front();
    pairs_.push_back({Vector(step.begin(), step.end()),
                      Vector(gradient_difference.begin(), gradient_difference.end()), 1 / sy});
    scale_ = sy / yy;
  }
  void clear() { pairs_.clear(); }
  bool empty() const { return pairs_.empty(); }

  /// Algorithm 7.4: the direction -H gradient.
  Vector direction(View gradient) const {
    Vector q(gradient.begin(), gradient.end());
    Vector alpha(pairs_.size());
    for (std::size_t i = pairs_.size(); i-- > 0;) {
      alpha[i] = pairs_[i].rho * dot(pairs_[i].s, q);
      add_scaled(-alpha[i], pairs_[i].y, q);
    }
    if (!pairs_.empty()) {
      for (double& value : q) value *= scale_;
    }
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      const double beta = pairs_[i].rho * dot(pairs_[i].y, q);
      add_scaled(alpha[i] - beta, pairs_[i].s, q);
    }
    for (double& value : q) value = -value;
    return q;
  }

 private:
  struct Pair {
    Vector s, y;
    double rho;
  };
  std::size_t size_;
  std::deque<Pair> pairs_;
  double scale_ = 1;
};

class Minimizer {
 public:
  Minimizer(const SmoothFunction& function, std::span<double> x, const LbfgsOptions& options)
      : function_(function),
        options_(options),
        x_(x),
        gradient_(x.size()),
        trial_(x.size()),
        trial_gradient_(x.size()),
        memory_(options.memory) {
    if (!options.l1.empty() && options.l1.size() != x.size()) {
      throw ShapeError(
          fmt::format("L-BFGS: {} L1 strengths for {} variables", options.l1.size(), x.size()));
    }
  }

  LbfgsResult run() {
    value_ = evaluate(x_, gradient_);
    if (!std::isfinite(value_) ||
        !std::ranges::all_of(gradient_, [](double g) { return std::isfinite(g); })) {
      throw DataError("L-BFGS: the function is not finite at the start");
    }
    for (;; ++result_.iterations) {
      const Vector steepest = pseudo_gradient();
      result_.value = value_;
      if (options_.converged && options_.converged({result_.iterations, value_, x_, steepest})) {
        result_.stop = LbfgsStop::converged;
        return result_;
      }
      if (result_.iterations >= options_.max_iterations) {
        result_.stop = LbfgsStop::max_iterations;
        return result_;
      }
      if (!step(steepest)) {
        result_.stop = LbfgsStop::no_progress;
        return result_;
      }
    }
  }

 private:
  bool has_l1() const { return !options_.l1.empty(); }

  double evaluate(View x, std::span<double> gradient) {
    ++result_.evaluations;
    double value = function_(x, gradient);
    for (std::size_t i = 0; i < options_.l1.size(); ++i) value += options_.l1[i] * std::abs(x[i]);
    return value;
  }

  /// Andrew and Gao, equation 4; the gradient itself without L1.
  Vector pseudo_gradient() const {
    Vector result(gradient_);
    for (std::size_t i = 0; i < options_.l1.size(); ++i) {
      const double strength = options_.l1[i];
      if (x_[i] != 0) {
        result[i] += strength * sign(x_[i]);
      } else {
        result[i] = sign(gradient_[i]) * std::max(0.0, std::abs(gradient_[i]) - strength);
      }
    }
    return result;
  }

  /// One step along the quasi-Newton direction, or where that fails along steepest descent.
  bool step(const Vector& steepest) {
    for (;;) {
      Vector direction = memory_.direction(steepest);
      if (has_l1()) {
        for (std::size_t i = 0; i < direction.size(); ++i) {
          if (direction[i] * steepest[i] >= 0) direction[i] = 0;
        }
      }
      const double slope = dot(direction, steepest);
      // The first step has no curvature to go by: one of length 1 at the most.
      const double first = memory_.empty() ? std::min(1.0, 1 / std::sqrt(-slope)) : 1.0;
      if (slope < 0 && (has_l1() ? orthant_search(direction, steepest, first)
                                 : wolfe_search(direction, slope, first))) {
        return true;
      }
      if (memory_.empty()) return false;
      memory_.clear();
    }
  }

  bool wolfe_search(const Vector& direction, double slope, double first) {
    const auto at = [&](double t) {
      std::ranges::copy(x_, trial_.begin());
      add_scaled(t, direction, trial_);
      const double value = evaluate(trial_, trial_gradient_);
      return LinePoint{t, value, dot(trial_gradient_, direction)};
    };
    const auto point = wolfe_line_search(at, {0, value_, slope}, first);
    if (!point) return false;
    accept(point->value);
    return true;
  }

  /// Backtracking inside the orthant of x, or where x is zero of the steepest descent.
  bool orthant_search(const Vector& direction, const Vector& steepest, double first) {
    constexpr double kDecrease = 1e-4;
    constexpr int kMaxTrials = 40;
    double t = first;
    for (int trial = 0; trial < kMaxTrials; ++trial, t /= 2) {
      double predicted = 0;
      for (std::size_t i = 0; i < trial_.size(); ++i) {
        trial_[i] = x_[i] + t * direction[i];
        const double orthant = x_[i] != 0 ? sign(x_[i]) : -sign(steepest[i]);
        // Variables without a penalty may change their sign.
        if (options_.l1[i] > 0 && trial_[i] * orthant <= 0) trial_[i] = 0;
        predicted += steepest[i] * (trial_[i] - x_[i]);
      }
      const double value = evaluate(trial_, trial_gradient_);
      if (value < value_ && value <= value_ + kDecrease * predicted) {
        accept(value);
        return true;
      }
    }
    return false;
  }

  void accept(double value) {
    Vector step(trial_), difference(trial_gradient_);
    add_scaled(-1, x_, step);
    add_scaled(-1, gradient_, difference);
    memory_.add(step, difference);
    std::ranges::copy(trial_, x_.begin());
    gradient_.swap(trial_gradient_);
    value_ = value;
  }

  const SmoothFunction& function_;
  const LbfgsOptions& options_;
  std::span<double> x_;
  double value_ = 0;
  Vector gradient_, trial_, trial_gradient_;
  Memory memory_;
  LbfgsResult result_;
};

}  // namespace

LbfgsResult minimize_lbfgs(const SmoothFunction& function, std::span<double> x,
                           const LbfgsOptions& options) {
  return Minimizer(function, x, options).run();
}

}  // namespace thimble::classical
