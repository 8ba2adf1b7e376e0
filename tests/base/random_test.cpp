#include "base/random.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace thimble {
namespace {

TEST(Random, MixIsSplitMix64) {
  // The first outputs of the authors' generator from state 0.
  EXPECT_EQ(mix64(0), 0xE220A8397B1DCDAFull);
  EXPECT_EQ(mix64(0x9E3779B97F4A7C15ull), 0x6E789E6AA1B965F4ull);
}

TEST(Random, BitsAreThoseOfXoshiro256StarStar) {
  // As other implementations give them when seeded through SplitMix64 with 0.
  Random random(0);
  EXPECT_EQ(random.bits(), 11091344671253066420ull);
  EXPECT_EQ(random.bits(), 13793997310169335082ull);
  EXPECT_EQ(random.bits(), 1900383378846508768ull);
  EXPECT_EQ(random.bits(), 7684712102626143532ull);
}

TEST(Random, HashDependsOnEveryPart) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    for (std::uint64_t a = 0; a < 4; ++a) {
      for (std::uint64_t b = 0; b < 4; ++b) {
        for (std::uint64_t c = 0; c < 4; ++c) seen.insert(hash_seed(seed, a, b, c));
      }
    }
  }
  EXPECT_EQ(seen.size(), 256u);
}

TEST(Random, LowBitsOfHashesAreFair) {
  int ones = 0;
  constexpr int kDraws = 40'000;
  for (std::uint64_t i = 0; i < kDraws; ++i) ones += static_cast<int>(hash_seed(7, i) & 1);
  EXPECT_NEAR(ones, kDraws / 2, 5 * std::sqrt(kDraws / 4.0));
}

RC_GTEST_PROP(Random, BelowStaysBelow, (std::uint64_t seed)) {
  const auto n = *rc::gen::positive<std::uint64_t>();
  Random random(seed);
  for (int i = 0; i < 20; ++i) RC_ASSERT(random.below(n) < n);
}

TEST(Random, BelowIsUniform) {
  Random random(3);
  constexpr int kSides = 7;
  constexpr int kDraws = 70'000;
  std::array<int, kSides> counts{};
  for (int i = 0; i < kDraws; ++i) ++counts[random.below(kSides)];
  double chi_squared = 0;
  for (const int count : counts) {
    const double expected = static_cast<double>(kDraws) / kSides;
    chi_squared += (count - expected) * (count - expected) / expected;
  }
  EXPECT_LT(chi_squared, 22.5);  // 99.9 % quantile at 6 degrees of freedom
}

TEST(Random, UniformAndNormalHaveTheirMoments) {
  Random random(11);
  constexpr int kDraws = 100'000;
  double mean = 0;
  double normal_mean = 0;
  double normal_square = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = random.uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    mean += u / kDraws;
    const double z = random.normal();
    normal_mean += z / kDraws;
    normal_square += z * z / kDraws;
  }
  EXPECT_NEAR(mean, 0.5, 5 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_NEAR(normal_mean, 0, 5 / std::sqrt(kDraws));
  EXPECT_NEAR(normal_square, 1, 5 * std::sqrt(2.0 / kDraws));
}

TEST(Random, ShuffleReachesEveryOrderEqually) {
  Random random(5);
  std::map<std::vector<int>, int> counts;
  constexpr int kShuffles = 12'000;
  for (int i = 0; i < kShuffles; ++i) {
    std::vector<int> values{1, 2, 3};
    random.shuffle(std::span(values));
    ++counts[values];
  }
  ASSERT_EQ(counts.size(), 6u);
  for (const auto& [order, count] : counts) EXPECT_NEAR(count, 2000, 5 * std::sqrt(2000 * 5 / 6.0));
}

RC_GTEST_PROP(Random, SameSeedSameShuffle, (std::uint64_t seed, const std::vector<int>& values)) {
  std::vector<int> first = values;
  std::vector<int> second = values;
  Random(seed).shuffle(std::span(first));
  Random(seed).shuffle(std::span(second));
  RC_ASSERT(first == second);
  RC_ASSERT(std::ranges::is_permutation(first, values));
}

}  // namespace
}  // namespace thimble
