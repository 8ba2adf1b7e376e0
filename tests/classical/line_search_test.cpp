#include "classical/line_search.hpp"

#include <cmath>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace thimble::classical {
namespace {

/// The functions of Moré and Thuente, "Line search algorithms with guaranteed sufficient decrease",
/// 1994, numbers 1 and 2.
LinePoint first_function(double t) {
  constexpr double kBeta = 2;
  const double below = t * t + kBeta;
  return {t, -t / below, (t * t - kBeta) / (below * below)};
}
LinePoint second_function(double t) {
  constexpr double kBeta = 0.004;
  const double u = t + kBeta;
  return {t, std::pow(u, 5) - 2 * std::pow(u, 4), 5 * std::pow(u, 4) - 8 * std::pow(u, 3)};
}

void expect_wolfe(LinePoint (*function)(double), double first) {
  const LinePoint start = function(0);
  const auto point = wolfe_line_search(function, start, first);
  ASSERT_TRUE(point) << first;
  EXPECT_LE(point->value, start.value + 1e-4 * point->step * start.slope) << first;
  EXPECT_LE(std::abs(point->slope), 0.9 * std::abs(start.slope)) << first;
}

TEST(LineSearch, MeetsTheStrongWolfeConditions) {
  for (const double first : {1e-3, 0.1, 1.0, 10.0, 1000.0}) {
    expect_wolfe(first_function, first);
    expect_wolfe(second_function, first);
  }
}

TEST(LineSearch, ReturnsTheLastPointEvaluated) {
  double last = 0;
  const auto point = wolfe_line_search(
      [&](double t) {
        last = t;
        return second_function(t);
      },
      second_function(0), 1000);
  ASSERT_TRUE(point);
  EXPECT_EQ(point->step, last);
}

TEST(LineSearch, FindsNothingWhereNothingDecreases) {
  const auto flat = [](double t) { return LinePoint{t, 1, -1e-30}; };
  EXPECT_FALSE(wolfe_line_search(flat, {0, 1, -1e-30}, 1));
}

TEST(LineSearch, EndsOnAFunctionWithoutMinimum) {
  const auto falling = [](double t) { return LinePoint{t, -t, -1}; };
  const auto point = wolfe_line_search(falling, {0, 0, -1}, 1);
  ASSERT_TRUE(point);
  EXPECT_GT(point->step, 1e9);
}

}  // namespace
}  // namespace thimble::classical
