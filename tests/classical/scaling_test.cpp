#include "classical/scaling.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "classical/feature_samples.hpp"

namespace thimble::classical {
namespace {

TEST(Scale, KeepsBytes) {
  const Images pictures = random_pictures({2, 2, 1}, 3);
  Progress progress;
  FeaturePipeline pipeline({"scale", "scale 0.5"});
  const Features features = pipeline.fit_transform(pictures, progress);
  EXPECT_TRUE(features.is_bytes());
  EXPECT_FLOAT_EQ(features.scale(), 0.5F / 255);
  EXPECT_THAT(pipeline.lines(), testing::ElementsAre("scale 1/255", "scale 0.5"));
}

TEST(Scale, RefusesFactorsThatLoseTheValues) {
  for (const char* line : {"scale 0", "scale -1", "scale 1/0", "scale x", "scale 1/", "scale 1e99",
                           "scale 1e-99", "scale nan"}) {
    EXPECT_THROW(FeaturePipeline({line}), UsageError) << line;
  }
}

TEST(Standardize, GivesMeanZeroAndDeviationOne) {
  Images pictures = random_pictures({1, 3, 1}, 700);
  for (std::size_t i = 0; i < pictures.size(); ++i) pictures[i][1] = 77;
  Progress progress;
  FeaturePipeline pipeline({"scale", "standardize"});
  const auto values = floats(pipeline.fit_transform(pictures, progress));
  for (const std::size_t j : {0U, 2U}) {
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 0; i < 700; ++i) {
      sum += values[i * 3 + j];
      squares += std::pow(values[i * 3 + j], 2);
    }
    EXPECT_NEAR(sum / 700, 0, 1e-6);
    EXPECT_NEAR(squares / 700, 1, 1e-5);
  }
  // A pixel that never varied says nothing, whatever it is later.
  EXPECT_EQ(values[1], 0.0F);
  pictures[0][1] = 255;
  EXPECT_EQ(floats(pipeline.transform(pictures))[1], 0.0F);
}

TEST(Standardize, OneSampleGivesZeros) {
  EXPECT_THAT(fitted({"standardize"}, random_pictures({2, 3, 1}, 1)), testing::Each(0.0F));
}

TEST(Normalize, GivesLengthOneAndLeavesZeros) {
  Images pictures = random_pictures({2, 3, 1}, 4);
  for (auto& pixel : pictures[2]) pixel = 0;
  const auto values = fitted({"normalize"}, pictures);
  for (std::size_t i = 0; i < 4; ++i) {
    double squares = 0;
    for (std::size_t j = 0; j < 6; ++j) squares += std::pow(values[i * 6 + j], 2);
    EXPECT_NEAR(squares, i == 2 ? 0 : 1, 1e-6);
  }
}

TEST(FeatureMoments, OfFloatsThatHardlyVary) {
  linalg::Matrix values(1000, 2);
  for (std::size_t i = 0; i < 1000; ++i) {
    values[i][0] = 0.1F;
    values[i][1] = i == 500 ? std::nextafter(0.1F, 1.0F) : 0.1F;
  }
  Progress progress;
  const Moments moments = feature_moments(Features(std::move(values)), progress);
  EXPECT_EQ(moments.variance[0], 0);
  EXPECT_GT(moments.variance[1], 0);
}

}  // namespace
}  // namespace thimble::classical
