#include "classical/newton_cg.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace thimble::classical {
namespace {

using Vector = std::vector<double>;

constexpr std::size_t kMaxProductsPerStep = 250;
/// Newton's equations are solved to this fraction of the residual, or closer near the minimum.
constexpr double kLoosest = 0.1;
/// The closest that products in float32 allow.
constexpr double kTightest = 1e-4;
constexpr double kDecrease = 1e-4;
constexpr int kMaxHalvings = 40;
/// Relative rounding of a sum of many float64 values.
constexpr double kRounding = 1e-13;
/// So many steps in a row without a smaller value or gradient are the end of what rounding allows.
constexpr int kMaxIdleSteps = 3;

class Minimizer {
 public:
  Minimizer(ConvexFunction& function, std::span<double> x, const NewtonOptions& options)
      : function_(function),
        options_(options),
        groups_(function.groups()),
        part_(x.size() / groups_),
        x_(x),
        values_(groups_),
        gradient_(x.size()),
        lowest_values_(groups_, HUGE_VAL),
        lowest_gradients_(groups_, HUGE_VAL) {}

  NewtonResult run() {
    evaluate(x_, gradient_, values_);
    double products_since_prepare = 0;
    for (;; ++result_.iterations) {
      if (options_.converged &&
          options_.converged({result_.iterations, result_.products, values_, gradient_})) {
        return stopped(NewtonStop::converged);
      }
      if (result_.iterations >= options_.max_iterations) {
        return stopped(NewtonStop::max_iterations);
      }
      if (idle()) return stopped(NewtonStop::no_progress);
      if (result_.iterations == 0 || products_since_prepare >= function_.cost_of_prepare()) {
        function_.prepare();
        products_since_prepare = 0;
      }
      const std::size_t before = result_.products;
      const Vector step = solve();
      products_since_prepare += static_cast<double>(result_.products - before);
      if (!search(step)) return stopped(NewtonStop::no_progress);
    }
  }

 private:
  NewtonResult stopped(NewtonStop stop) {
    result_.stop = stop;
    return result_;
  }

  void evaluate(std::span<const double> x, std::span<double> gradient, std::span<double> values) {
    ++result_.evaluations;
    function_.evaluate(x, gradient, values);
  }

  /// True once no group's value or gradient has become smaller for some steps.
  bool idle() {
    bool better = result_.iterations == 0;
    for (std::size_t g = 0; g < groups_; ++g) {
      double gradient = 0;
      for (const double entry : std::span(gradient_).subspan(g * part_, part_)) {
        gradient = std::max(gradient, std::abs(entry));
      }
      better = better || gradient < 0.9 * lowest_gradients_[g] ||
               values_[g] < lowest_values_[g] - kRounding * std::abs(lowest_values_[g]);
      lowest_values_[g] = std::min(lowest_values_[g], values_[g]);
      lowest_gradients_[g] = std::min(lowest_gradients_[g], gradient);
    }
    idle_steps_ = better ? 0 : idle_steps_ + 1;
    return idle_steps_ >= kMaxIdleSteps;
  }

  Vector group_dots(const Vector& a, const Vector& b) const {
    Vector dots(groups_);
    for (std::size_t g = 0; g < groups_; ++g) {
      const auto begin = static_cast<std::ptrdiff_t>(g * part_);
      dots[g] = std::inner_product(a.begin() + begin,
                                   a.begin() + begin + static_cast<std::ptrdiff_t>(part_),
                                   b.begin() + begin, 0.0);
    }
    return dots;
  }
  void add_scaled(const Vector& factors, const Vector& from, Vector& to) const {
    for (std::size_t g = 0; g < groups_; ++g) {
      for (std::size_t i = g * part_; i < (g + 1) * part_; ++i) to[i] += factors[g] * from[i];
    }
  }

  /// Preconditioned conjugate gradients for H step = -gradient; each group with its own numbers.
  Vector solve() {
    const std::size_t n = x_.size();
    Vector step(n), residual(n), z(n), product(n);
    std::ranges::transform(gradient_, residual.begin(), std::negate<>());
    function_.precondition(residual, z);
    Vector direction = z;
    Vector rz = group_dots(residual, z);
    Vector enough(groups_);
    std::vector<bool> open(groups_);
    for (std::size_t g = 0; g < groups_; ++g) {
      const double decrement = rz[g] / std::max(std::abs(values_[g]), 1e-300);
      const double tolerance = std::clamp(std::sqrt(decrement), kTightest, kLoosest);
      enough[g] = tolerance * tolerance * rz[g];
      open[g] = rz[g] > 0;
    }
    const auto any_open = [&] { return std::ranges::find(open, true) != open.end(); };
    for (std::size_t i = 0; i < kMaxProductsPerStep && any_open(); ++i) {
      if (options_.check) options_.check();
      function_.hessian_product(direction, product);
      ++result_.products;
      const Vector curvature = group_dots(direction, product);
      Vector alpha(groups_), beta(groups_);
      for (std::size_t g = 0; g < groups_; ++g) {
        // Rounding may leave none in a direction that hardly matters.
        if (!(curvature[g] > 0)) open[g] = false;
        alpha[g] = open[g] ? rz[g] / curvature[g] : 0;
      }
      add_scaled(alpha, direction, step);
      for (double& a : alpha) a = -a;
      add_scaled(alpha, product, residual);
      function_.precondition(residual, z);
      const Vector next = group_dots(residual, z);
      for (std::size_t g = 0; g < groups_; ++g) {
        beta[g] = open[g] ? next[g] / rz[g] : 0;
        open[g] = open[g] && next[g] > enough[g];
        rz[g] = next[g];
      }
      for (std::size_t g = 0; g < groups_; ++g) {
        for (std::size_t j = g * part_; j < (g + 1) * part_; ++j) {
          direction[j] = z[j] + beta[g] * direction[j];
        }
      }
    }
    return step;
  }

  /// Halves each group's step until its value decreases as the gradient promises; a group for which
  /// that never happens stays where it is.
  /// @return  false if none moves
  bool search(const Vector& step) {
    const Vector slopes = group_dots(gradient_, step);
    Vector lengths(groups_, 1.0), trial(x_.size()), gradient(x_.size()), values(groups_);
    for (int halvings = 0;; ++halvings) {
      if (options_.check) options_.check();
      std::ranges::copy(x_, trial.begin());
      add_scaled(lengths, step, trial);
      evaluate(trial, gradient, values);
      bool good = true;
      for (std::size_t g = 0; g < groups_; ++g) {
        const double allowed =
            values_[g] + kDecrease * lengths[g] * slopes[g] + kRounding * std::abs(values_[g]);
        if (lengths[g] == 0 || values[g] <= allowed) continue;
        good = false;
        lengths[g] = halvings < kMaxHalvings ? lengths[g] / 2 : 0;
      }
      if (good) break;
    }
    std::ranges::copy(trial, x_.begin());
    gradient_.swap(gradient);
    values_.swap(values);
    return std::ranges::any_of(lengths, [](double length) { return length > 0; });
  }

  ConvexFunction& function_;
  const NewtonOptions& options_;
  std::size_t groups_;
  std::size_t part_;
  std::span<double> x_;
  Vector values_;
  Vector gradient_;
  Vector lowest_values_;
  Vector lowest_gradients_;
  int idle_steps_ = 0;
  NewtonResult result_;
};

}  // namespace

NewtonResult minimize_newton(ConvexFunction& function, std::span<double> x,
                             const NewtonOptions& options) {
  return Minimizer(function, x, options).run();
}

}  // namespace thimble::classical
