#include "classical/feature_pipeline.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/random.hpp"

namespace thimble::classical {
namespace {

Images random_pictures(PictureShape shape, std::size_t n, std::uint64_t seed = 1) {
  Images pictures(shape, n);
  Random random(seed);
  for (auto& pixel : pictures.pixels()) pixel = static_cast<std::uint8_t>(random.below(256));
  return pictures;
}

std::vector<float> floats(const Features& features) {
  std::vector<float> values(features.size() * features.dims());
  features.copy(0, features.size(), values.data());
  return values;
}

std::string error_of(const std::vector<std::string>& lines) {
  try {
    const FeaturePipeline pipeline(lines);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(FeaturePipeline, WithoutStepsFeaturesAreThePixels) {
  const Images pictures = random_pictures({3, 4, 3}, 5);
  Progress progress;
  FeaturePipeline pipeline({});
  const Features features = pipeline.fit_transform(pictures, progress);
  EXPECT_TRUE(features.is_bytes());
  EXPECT_EQ(features.scale(), 1.0F);
  EXPECT_EQ(features.size(), 5U);
  EXPECT_EQ(pipeline.dims(), 36U);
  EXPECT_EQ(features.bytes().data(), pictures.pixels().data());
}

TEST(FeaturePipeline, ScaleKeepsBytes) {
  const Images pictures = random_pictures({2, 2, 1}, 3);
  Progress progress;
  FeaturePipeline pipeline({"scale", "scale 0.5"});
  const Features features = pipeline.fit_transform(pictures, progress);
  EXPECT_TRUE(features.is_bytes());
  EXPECT_FLOAT_EQ(features.scale(), 0.5F / 255);
  EXPECT_THAT(pipeline.lines(), testing::ElementsAre("scale 1/255", "scale 0.5"));
}

TEST(FeaturePipeline, StandardizesToMeanZeroAndDeviationOne) {
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

TEST(FeaturePipeline, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(error_of({"scal"}),
            "feature step \"scal\": unknown step 'scal'; did you mean 'scale'?");
  EXPECT_EQ(error_of({"scale", "standardize mean=0"}),
            "feature step \"standardize mean=0\": 'mean' is not expected");
  EXPECT_EQ(error_of({"scale 1 2"}), "feature step \"scale 1 2\": '2' is not expected");
  EXPECT_EQ(error_of({"scale x"}),
            "feature step \"scale x\": the factor is 'x', expected a number");
  EXPECT_EQ(error_of({"scale 1/0"}),
            "feature step \"scale 1/0\": the factor is 1/0, expected a number above 0");
  EXPECT_EQ(error_of({""}), "feature step \"\": the line is empty");
}

TEST(FeaturePipeline, PcaOfFewSamplesAndConstantFeatures) {
  const Images pictures = random_pictures({3, 3, 1}, 4);
  Progress progress;
  FeaturePipeline pipeline({"pca 4 whiten=true"});
  const auto values = floats(pipeline.fit_transform(pictures, progress));
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(values[i * 4 + 3], 0.0F);  // rank 3
  const Images black({3, 3, 1}, 5);
  FeaturePipeline constant({"pca 0.9 whiten=true"});
  EXPECT_THAT(floats(constant.fit_transform(black, progress)), testing::Each(0.0F));
  EXPECT_EQ(constant.dims(), 1U);
  FeaturePipeline single({"pca 1"});
  EXPECT_THAT(floats(single.fit_transform(random_pictures({3, 3, 1}, 1), progress)),
              testing::ElementsAre(0.0F));
}

}  // namespace
}  // namespace thimble::classical
