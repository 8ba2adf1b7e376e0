#include "classical/svm_smo.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/random.hpp"

namespace thimble::classical {
namespace {

/// A problem between points on a line with an RBF kernel.
struct Problem {
  std::size_t size;
  std::size_t stride;
  std::vector<float> kernel;
  std::vector<double> labels, lower, upper, beta, slope;

  Problem(std::size_t n, double C, std::uint64_t seed)
      : size(n), stride(smo_padded(n)), kernel(n * stride), beta(n) {
    Random random(seed);
    std::vector<double> x(n);
    for (std::size_t i = 0; i < n; ++i) {
      const double label = i % 2 == 0 ? 1 : -1;
      labels.push_back(label);
      lower.push_back(label > 0 ? 0 : -C);
      upper.push_back(label > 0 ? C : 0);
      x[i] = label * 0.5 + random.normal();
    }
    slope = labels;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        const double gap = x[i] - x[j];
        kernel[i * stride + j] = static_cast<float>(std::exp(-gap * gap));
      }
    }
  }

  DualProblem dual() { return {size, kernel.data(), stride, lower, upper, beta, slope}; }

  double true_slope(std::size_t t) const {
    double sum = 0;
    for (std::size_t s = 0; s < size; ++s) {
      sum += static_cast<double>(kernel[t * stride + s]) * beta[s];
    }
    return labels[t] - sum;
  }

  double violation() const {
    double rise = -1e300, fall = 1e300;
    for (std::size_t t = 0; t < size; ++t) {
      if (beta[t] < upper[t]) rise = std::max(rise, true_slope(t));
      if (beta[t] > lower[t]) fall = std::min(fall, true_slope(t));
    }
    return rise - fall;
  }

  double objective() const {
    double sum = 0;
    for (std::size_t t = 0; t < size; ++t) sum -= 0.5 * beta[t] * (labels[t] + true_slope(t));
    return sum;
  }
};

TEST(Smo, MeetsTheOptimalityConditions) {
  EXPECT_TRUE(rc::check([] {
    const auto n = *rc::gen::inRange<std::size_t>(2, 200);
    const auto C = *rc::gen::element(0.01, 1.0, 100.0);
    Problem problem(n, C, *rc::gen::arbitrary<std::uint64_t>());
    const SmoResult result = solve_smo(problem.dual(), 1e-4, 1'000'000);
    RC_ASSERT(result.violation < 1e-4);
    RC_ASSERT(problem.violation() < 1e-4 + 1e-9 * C);
    RC_ASSERT(std::abs(std::accumulate(problem.beta.begin(), problem.beta.end(), 0.0)) < 1e-9 * C);
    for (std::size_t t = 0; t < n; ++t) {
      RC_ASSERT(problem.beta[t] >= problem.lower[t]);
      RC_ASSERT(problem.beta[t] <= problem.upper[t]);
      RC_ASSERT(std::abs(problem.slope[t] - problem.true_slope(t)) < 1e-9 * std::max(1.0, C));
    }
  }));
}

TEST(Smo, GoesOnWhereItStopped) {
  Problem whole(150, 10, 3);
  Problem parts(150, 10, 3);
  const SmoResult at_once = solve_smo(whole.dual(), 1e-6, 1'000'000);
  std::uint64_t iterations = 0;
  for (SmoResult result{.iterations = 7}; result.iterations == 7;) {
    result = solve_smo(parts.dual(), 1e-6, 7);
    iterations += result.iterations;
  }
  EXPECT_EQ(iterations, at_once.iterations);
  EXPECT_EQ(parts.beta, whole.beta);
}

TEST(Smo, EveryStepImprovesTheObjective) {
  Problem problem(100, 5, 11);
  double before = problem.objective();
  for (int i = 0; i < 50; ++i) {
    if (solve_smo(problem.dual(), 1e-6, 1).iterations == 0) break;
    EXPECT_LT(problem.objective(), before);
    before = problem.objective();
  }
}

TEST(Smo, LeavesFixedMultipliersAlone) {
  Problem problem(60, 5, 12);
  for (const std::size_t t : {0u, 7u, 30u}) problem.lower[t] = problem.upper[t] = 0;
  EXPECT_LT(solve_smo(problem.dual(), 1e-5, 1'000'000).violation, 1e-5);
  for (const std::size_t t : {0u, 7u, 30u}) EXPECT_EQ(problem.beta[t], 0);
}

TEST(Smo, TakesNothingAndOneSided) {
  EXPECT_EQ(solve_smo({}, 1e-3, 100).iterations, 0u);
  Problem problem(10, 1, 1);
  // All can rise only.
  problem.lower.assign(10, 0);
  problem.upper.assign(10, 1);
  EXPECT_EQ(solve_smo(problem.dual(), 1e-3, 100).iterations, 0u);
}

TEST(Smo, TakesDuplicates) {
  // Curvature 0 between every two.
  Problem problem(20, 1, 1);
  std::ranges::fill(problem.kernel, 1.0F);
  const SmoResult result = solve_smo(problem.dual(), 1e-3, 10'000);
  EXPECT_LT(result.violation, 1e-3);
  for (const double beta : problem.beta) EXPECT_EQ(std::abs(beta), 1);
}

}  // namespace
}  // namespace thimble::classical
