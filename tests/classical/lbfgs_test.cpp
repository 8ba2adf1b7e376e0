#include "classical/lbfgs.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "base/random.hpp"

namespace thimble::classical {
namespace {

using Vector = std::vector<double>;
using View = std::span<const double>;

double largest_entry(View values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

LbfgsOptions until(double gradient) {
  LbfgsOptions options;
  options.converged = [gradient](const LbfgsState& state) {
    return largest_entry(state.gradient) <= gradient;
  };
  return options;
}

/// sum of 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2; its minimum is 0, at ones.
double rosenbrock(View x, std::span<double> gradient) {
  std::fill(gradient.begin(), gradient.end(), 0.0);
  double value = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    const double bend = x[i + 1] - x[i] * x[i];
    value += 100 * bend * bend + (1 - x[i]) * (1 - x[i]);
    gradient[i] += -400 * x[i] * bend - 2 * (1 - x[i]);
    gradient[i + 1] += 200 * bend;
  }
  return value;
}

/// sum of curvature_i (x_i - center_i)^2 / 2.
SmoothFunction bowl(Vector curvature, Vector center) {
  return [=](View x, std::span<double> gradient) {
    double value = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      gradient[i] = curvature[i] * (x[i] - center[i]);
      value += 0.5 * gradient[i] * (x[i] - center[i]);
    }
    return value;
  };
}

TEST(Lbfgs, FindsTheMinimumOfRosenbrocksFunction) {
  for (const std::size_t n : {2U, 10U, 100U}) {
    Vector x(n, -1.2);
    const LbfgsResult result = minimize_lbfgs(rosenbrock, x, until(1e-8));
    EXPECT_EQ(result.stop, LbfgsStop::converged);
    EXPECT_LT(result.value, 1e-15);
    // The function has a second, local minimum near (-1, 1, 1, ...) for more than 3 variables.
    if (n == 2) {
      EXPECT_NEAR(x[0], 1, 1e-7);
    }
    EXPECT_LT(result.evaluations, 20 * n + 100);
  }
}

TEST(Lbfgs, SolvesABadlyScaledBowl) {
  Vector curvature, center;
  Random random(7);
  for (int i = 0; i < 50; ++i) {
    curvature.push_back(std::pow(10.0, i % 5));
    center.push_back(random.normal());
  }
  Vector x(50);
  const LbfgsResult result = minimize_lbfgs(bowl(curvature, center), x, until(1e-9));
  EXPECT_EQ(result.stop, LbfgsStop::converged);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], center[i], 1e-8);
}

RC_GTEST_PROP(Lbfgs, OwlQnShrinksABowlsCenter, ()) {
  // min curvature (x - center)^2 / 2 + l1 |x| is at sign(center) max(0, |center| - l1 / curvature).
  const auto n = *rc::gen::inRange<std::size_t>(1, 12);
  Random random(*rc::gen::arbitrary<std::uint64_t>());
  Vector curvature, center;
  LbfgsOptions options = until(1e-10);
  for (std::size_t i = 0; i < n; ++i) {
    curvature.push_back(random.uniform(0.1, 10));
    center.push_back(2 * random.normal());
    options.l1.push_back(random.below(4) == 0 ? 0 : random.uniform(0, 5));
  }
  Vector x(n);
  const LbfgsResult result = minimize_lbfgs(bowl(curvature, center), x, options);
  RC_ASSERT(result.stop != LbfgsStop::max_iterations);
  for (std::size_t i = 0; i < n; ++i) {
    const double shrunk = std::max(0.0, std::abs(center[i]) - options.l1[i] / curvature[i]);
    RC_ASSERT(std::abs(x[i] - std::copysign(shrunk, center[i])) < 1e-6);
    if (shrunk == 0) RC_ASSERT(x[i] == 0);
  }
}

TEST(Lbfgs, OwlQnSolvesLeastSquares) {
  // Two correlated variables; the optimum by hand: with A^T A = [[2, 1], [1, 2]], A^T b = [3, 1]
  // and l1 = 1 the second is 0 and the first (3 - 1) / 2 = 1, as |1 - 1 * 1| <= 1.
  const SmoothFunction function = [](View x, std::span<double> gradient) {
    gradient[0] = 2 * x[0] + x[1] - 3;
    gradient[1] = x[0] + 2 * x[1] - 1;
    return x[0] * x[0] + x[0] * x[1] + x[1] * x[1] - 3 * x[0] - x[1];
  };
  LbfgsOptions options = until(1e-12);
  options.l1 = {1, 1};
  Vector x{-3, 5};
  const LbfgsResult result = minimize_lbfgs(function, x, options);
  EXPECT_NEAR(x[0], 1, 1e-7);  // the square root of the precision of values
  EXPECT_EQ(x[1], 0);
  EXPECT_NEAR(result.value, -1, 1e-12);
}

TEST(Lbfgs, StopsWhenTold) {
  Vector x{-1.2, 1};
  LbfgsOptions options;
  options.max_iterations = 3;
  const LbfgsResult result = minimize_lbfgs(rosenbrock, x, options);
  EXPECT_EQ(result.stop, LbfgsStop::max_iterations);
  EXPECT_EQ(result.iterations, 3U);
}

TEST(Lbfgs, SaysWhenRoundingLeavesNothingToGain) {
  Vector x{0.3, -0.2};
  const LbfgsResult result =
      minimize_lbfgs(bowl({1, 3}, {1e-3, 7}), x, until(-1));  // never converged
  EXPECT_EQ(result.stop, LbfgsStop::no_progress);
  EXPECT_NEAR(x[1], 7, 1e-7);
}

TEST(Lbfgs, StepsOverPointsWithoutAValue) {
  // log(x) has none for x <= 0, where the first steps go.
  const SmoothFunction function = [](View x, std::span<double> gradient) {
    gradient[0] = 1 - 1e-3 / x[0];
    return x[0] > 0 ? x[0] - 1e-3 * std::log(x[0]) : std::numeric_limits<double>::quiet_NaN();
  };
  Vector x{1};
  EXPECT_EQ(minimize_lbfgs(function, x, until(1e-6)).stop, LbfgsStop::converged);
  EXPECT_NEAR(x[0], 1e-3, 1e-8);
}

TEST(Lbfgs, RefusesWhatMakesNoSense) {
  Vector x{1, 2};
  LbfgsOptions options;
  options.l1 = {1};
  EXPECT_THROW(minimize_lbfgs(rosenbrock, x, options), ShapeError);
  const SmoothFunction nowhere = [](View, std::span<double>) { return HUGE_VAL; };
  EXPECT_THROW(minimize_lbfgs(nowhere, x, {}), DataError);
}

}  // namespace
}  // namespace thimble::classical
