#include "models/nearest_centroid.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "estimator_checks.hpp"

namespace thimble {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(NearestCentroidModel, SurvivesItsFile) {
  const DrawnSamples drawn;
  const auto model =
      fitted<NearestCentroidEstimator>(json::object(), drawn.features(), drawn.labels);
  const auto loaded = reloaded(model, drawn.dims);
  EXPECT_EQ(probabilities_of(loaded, drawn.features()), probabilities_of(model, drawn.features()));
  EXPECT_EQ(loaded.settings(), json::object());
  EXPECT_THAT(loaded.summary(), HasSubstr("centroids   3;"));
}

TEST(NearestCentroidModel, TakesNoSettings) {
  EXPECT_THAT(settings_refusal<NearestCentroidEstimator>({{"metric", "cosine"}}),
              HasSubstr("model.metric"));
}

TEST(NearestCentroidModel, RefusesTamperedFiles) {
  const DrawnSamples drawn;
  const auto model =
      fitted<NearestCentroidEstimator>(json::object(), drawn.features(), drawn.labels);
  const auto refused = [&](const auto& tamper) { return refusal(model, drawn.dims, tamper); };
  EXPECT_THAT(refused([](ModelFile& file) { file.tensors.erase("nearest_centroid.centroids"); }),
              HasSubstr("nearest_centroid.centroids is missing"));
  EXPECT_THAT(refused([](ModelFile& file) {
                const double variance = -1;
                file.tensors["nearest_centroid.variance"] =
                    Tensor::from(std::span(&variance, 1), {1});
              }),
              HasSubstr("model: nearest-centroid: a variance of -1"));
  EXPECT_THAT(refused([](ModelFile& file) {
                file.tensors["nearest_centroid.class_count"] = Tensor::from(
                    std::span<const std::int64_t>(std::vector<std::int64_t>(3, 1)), {3});
              }),
              HasSubstr("[3], expected [4]"));
}

}  // namespace
}  // namespace thimble
