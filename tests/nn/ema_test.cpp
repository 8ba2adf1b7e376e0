#include "nn/ema.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "nn/threads.hpp"

namespace thimble::nn {
namespace {

std::vector<float> normal_values(std::size_t size, Random& random) {
  std::vector<float> values(size);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

TEST(Ema, FollowsTheFormula) {
  Random random(1);
  Ema ema(0.9, 1);
  double expected = 0;
  for (int t = 0; t < 200; ++t) {
    const std::vector<float> weights = normal_values(1, random);
    const double decay = t == 0 ? 0 : std::min(0.9, (1.0 + t) / (10.0 + t));
    expected = decay * expected + (1 - decay) * weights[0];
    ema.update(weights);
    EXPECT_NEAR(ema.average()[0], expected, 1e-6) << t;
  }
  EXPECT_EQ(ema.update_count(), 200U);
}

TEST(Ema, StaysWithinTheWeightsSeen) {
  EXPECT_TRUE(rc::check([](const std::vector<std::int16_t>& weights) {
    RC_PRE(!weights.empty());
    Ema ema(*rc::gen::element(0.0, 0.5, 0.999), 1);
    for (const std::int16_t weight : weights)
      ema.update(std::vector<float>{static_cast<float>(weight)});
    const auto [least, most] = std::minmax_element(weights.begin(), weights.end());
    RC_ASSERT(ema.average()[0] >= *least - 0.01F);
    RC_ASSERT(ema.average()[0] <= *most + 0.01F);
  }));
}

TEST(Ema, OfConstantWeightsIsExact) {
  Random random(2);
  const std::vector<float> weights = normal_values(3000, random);
  Ema ema(0.99, weights.size());
  for (int t = 0; t < 5; ++t) ema.update(weights);
  EXPECT_TRUE(std::equal(weights.begin(), weights.end(), ema.average().begin()));
}

TEST(Ema, WithoutDecayIsTheLastWeights) {
  Random random(3);
  Ema ema(0, 8);
  for (int t = 0; t < 3; ++t) {
    const std::vector<float> weights = normal_values(8, random);
    ema.update(weights);
    for (std::size_t i = 0; i < 8; ++i) EXPECT_NEAR(ema.average()[i], weights[i], 1e-6);
  }
}

TEST(Ema, ContinuesFromACheckpointAndOverThreadsInTheSameBits) {
  const std::size_t size = 40'001;
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 3}) {
    const WithThreads scope(threads);
    Random random(4);
    Ema ema(0.99, size);
    for (int t = 0; t < 6; ++t) {
      if (t == 3) {
        Ema resumed(0.99, size);
        resumed.restore(ema.average(), ema.update_count());
        if (threads > 1) ema = resumed;
      }
      ema.update(normal_values(size, random));
    }
    results.emplace_back(ema.average().begin(), ema.average().end());
  }
  EXPECT_EQ(results[1], results[0]);
  EXPECT_EQ(results[2], results[0]);
}

TEST(Ema, RefusesWhatDoesNotFit) {
  EXPECT_THROW(Ema(1, 3), UsageError);
  EXPECT_THROW(Ema(-0.1, 3), UsageError);
  EXPECT_THROW(Ema(std::numeric_limits<double>::quiet_NaN(), 3), UsageError);
  Ema ema(0.5, 3);
  EXPECT_THROW(ema.update(std::vector<float>(2)), ShapeError);
  EXPECT_THROW(ema.restore(std::vector<float>(4), 1), ShapeError);
}

}  // namespace
}  // namespace thimble::nn
