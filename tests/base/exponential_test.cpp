#include "base/exponential.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace thimble {
namespace {

TEST(ExpOfNonpositive, IsWithinTwoUnitsInTheLastPlace) {
  const auto first = std::bit_cast<std::uint32_t>(-0.0F);
  const auto last = std::bit_cast<std::uint32_t>(-87.33F);  // below, float32 loses digits
  double worst = 0;
  for (std::uint32_t bits = first; bits <= last; bits += 997) {
    const auto x = std::bit_cast<float>(bits);
    const double exact = std::exp(static_cast<double>(x));
    const double unit = std::ldexp(1.0, std::ilogb(exact) - 23);
    worst = std::max(worst, std::abs(exp_of_nonpositive(x) - exact) / unit);
  }
  EXPECT_LT(worst, 1.1);
}

TEST(ExpOfNonpositive, KnowsItsEnds) {
  EXPECT_EQ(exp_of_nonpositive(0.0F), 1.0F);
  EXPECT_EQ(exp_of_nonpositive(-0.0F), 1.0F);
  EXPECT_EQ(exp_of_nonpositive(kLowestExponent), 0.0F);
  EXPECT_TRUE(std::isnan(exp_of_nonpositive(std::numeric_limits<float>::quiet_NaN())));
  for (float x = kLowestExponent; x < -87; x += 0.001F) {
    const float y = exp_of_nonpositive(x);
    EXPECT_GE(y, 0.0F);
    EXPECT_LE(y, 2e-38F);
  }
}

}  // namespace
}  // namespace thimble
