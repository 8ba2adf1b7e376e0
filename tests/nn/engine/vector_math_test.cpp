#include "nn/engine/vector_math.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.hpp"

namespace thimble::nn {
namespace {

/// Units in the last place of `expected` between the two.
double ulps(float actual, double expected) {
  int exponent = 0;
  std::frexp(expected, &exponent);
  return std::abs(double{actual} - expected) / std::ldexp(1.0, exponent - 24);
}

TEST(VectorMath, LogarithmsAreThoseOfTheLibrary) {
  Random random(1);
  for (int i = 0; i < 100000; ++i) {
    const auto x = static_cast<float>(std::exp(random.uniform(-80, 80)));
    // Near 1 the logarithm is small, and its last place with it.
    ASSERT_LT(std::abs(log_of(x) - std::log(double{x})),
              2e-7 * std::max(1.0, std::abs(std::log(double{x}))))
        << x;
  }
  EXPECT_EQ(log_of(1.0f), 0.0f);
}

TEST(VectorMath, ExponentialsAreThoseOfTheLibrary) {
  Random random(2);
  for (int i = 0; i < 100000; ++i) {
    const auto x = static_cast<float>(random.uniform(-87, 88));
    ASSERT_LT(ulps(exp_of(x), std::exp(double{x})), 2) << x;
  }
  EXPECT_EQ(exp_of(0.0f), 1.0f);
}

TEST(VectorMath, ExponentialsBeyondFloatsAreSmallOrLarge) {
  EXPECT_LT(exp_of(-200.0f), 1e-37f);
  EXPECT_GE(exp_of(-200.0f), 0.0f);
  EXPECT_GT(exp_of(200.0f), 1e38f);
}

}  // namespace
}  // namespace thimble::nn
