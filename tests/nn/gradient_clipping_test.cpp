#include "nn/gradient_clipping.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/random.hpp"
#include "nn/threads.hpp"

namespace thimble::nn {
namespace {

std::vector<float> normal_values(std::size_t size, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(size);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

double norm_of(const std::vector<float>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum);
}

TEST(ClipByValue, BoundsEveryEntryAndLeavesTheOthers) {
  EXPECT_TRUE(rc::check([](const std::vector<float>& given) {
    const auto limit = static_cast<float>(*rc::gen::inRange(1, 100)) / 8;
    std::vector<float> clipped = given;
    clip_by_value(clipped, limit);
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (std::isnan(given[i]))
        RC_ASSERT(std::isnan(clipped[i]));
      else
        RC_ASSERT(clipped[i] == std::clamp(given[i], -limit, limit));
    }
  }));
}

TEST(NormClipper, ScalesToTheLimit) {
  EXPECT_TRUE(rc::check([] {
    const auto size = *rc::gen::inRange<std::size_t>(1, 40'000);
    const std::vector<float> given = normal_values(size, *rc::gen::arbitrary<std::uint64_t>());
    const double norm = norm_of(given);
    const double limit = norm * 0.25;
    std::vector<float> clipped = given;
    NormClipper clipper(limit, size);
    RC_ASSERT(std::abs(clipper.clip(clipped) - norm) <= 1e-9 * norm);
    RC_ASSERT(std::abs(norm_of(clipped) - limit) <= 1e-5 * limit + 1e-6);
    RC_ASSERT(std::abs(clipped[0] - given[0] / 4) <= 1e-5 * std::abs(given[0]) + 1e-6);
  }));
}

TEST(NormClipper, LeavesSmallGradientsAlone) {
  const std::vector<float> given = normal_values(1000, 3);
  std::vector<float> clipped = given;
  NormClipper clipper(norm_of(given) * 1.001, given.size());
  clipper.clip(clipped);
  EXPECT_EQ(clipped, given);

  std::vector<float> zeros(5);
  NormClipper(1, 5).clip(zeros);
  EXPECT_EQ(zeros, std::vector<float>(5));
}

TEST(NormClipper, GivesTheSameBitsWithAnyNumberOfThreads) {
  std::vector<double> norms;
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 3, 5}) {
    const WithThreads scope(threads);
    results.push_back(normal_values(100'001, 4));
    norms.push_back(NormClipper(1, 100'001).clip(results.back()));
  }
  for (std::size_t i = 1; i < norms.size(); ++i) {
    EXPECT_EQ(norms[i], norms[0]);
    EXPECT_EQ(results[i], results[0]);
  }
}

TEST(NormClipper, DoesNotHideNumbersThatAreNotFinite) {
  std::vector<float> gradients = {1, std::numeric_limits<float>::quiet_NaN(), 2};
  EXPECT_TRUE(std::isnan(NormClipper(1, 3).clip(gradients)));
  for (const float gradient : gradients) EXPECT_TRUE(std::isnan(gradient));

  gradients = {1, std::numeric_limits<float>::infinity(), 2};
  EXPECT_TRUE(std::isinf(NormClipper(1, 3).clip(gradients)));
  EXPECT_EQ(gradients[0], 0);
  EXPECT_TRUE(std::isnan(gradients[1]));
}

TEST(NormClipper, SquaresBeyondFloat32DoNotOverflow) {
  std::vector<float> gradients = {3e30F, 4e30F};
  EXPECT_NEAR(NormClipper(1, 2).clip(gradients) / 5e30, 1, 1e-6);
  EXPECT_NEAR(gradients[0], 0.6, 1e-6);
}

}  // namespace
}  // namespace thimble::nn
