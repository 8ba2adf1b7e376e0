#include "classical/nearest_centroid.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "baselines_reference.hpp"

namespace thimble::classical {
namespace {

using testing::ElementsAre;

std::vector<float> probabilities(const NearestCentroid& model, const Features& features,
                                 std::size_t classes) {
  std::vector<float> out(features.size() * classes);
  model.predict_proba(features, out);
  return out;
}

TEST(NearestCentroid, AsScikitLearn) {
  const BaselinesReference reference;
  const auto& expected = reference.json.at("nearest_centroid");
  Progress progress;
  const NearestCentroid model = NearestCentroid::fit(reference.samples, progress);
  expect_near(std::vector(model.centroids().begin(), model.centroids().end()),
              expected.at("centroids"), 1e-12, "centroids");
  const auto p = probabilities(model, reference.query_features, reference.classes);
  std::vector<int> predicted;
  for (auto row = p.begin(); row != p.end(); row += static_cast<int>(reference.classes)) {
    predicted.push_back(
        static_cast<int>(std::max_element(row, row + static_cast<int>(reference.classes)) - row));
    EXPECT_EQ(row[2], 0) << "the class without samples";
  }
  EXPECT_EQ(predicted, expected.at("predicted").get<std::vector<int>>());
}

TEST(NearestCentroid, ProbabilitiesOfNormalClasses) {
  // Means 1 and 5, squared differences 1 everywhere.
  const std::vector<std::uint8_t> values = {0, 2, 4, 6};
  const std::vector<std::int32_t> labels = {0, 0, 1, 1};
  const Features features(values, 1, 1);
  Progress progress;
  const NearestCentroid model = NearestCentroid::fit({features, labels, 2}, progress);
  EXPECT_EQ(model.variance(), 1);
  const std::vector<std::uint8_t> query = {3, 2};
  const auto p = probabilities(model, Features(query, 1, 1), 2);
  EXPECT_EQ(p[0], 0.5F);
  EXPECT_NEAR(p[2], 1 / (1 + std::exp(-0.5 * (9 - 1))), 1e-6);
}

TEST(NearestCentroid, WithoutVariance) {
  const std::vector<std::uint8_t> values = {10, 30};
  const std::vector<std::int32_t> labels = {0, 2};
  const Features features(values, 1, 1);
  Progress progress;
  const NearestCentroid model = NearestCentroid::fit({features, labels, 3}, progress);
  const std::vector<std::uint8_t> queries = {11, 255, 20};
  EXPECT_THAT(probabilities(model, Features(queries, 1, 1), 3),
              ElementsAre(1, 0, 0, 0, 0, 1, 0.5F, 0, 0.5F));
}

TEST(NearestCentroid, RefusesParametersThatMakeNoSense) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NO_THROW(NearestCentroid({1, 0}, {1, 2}, 1));
  EXPECT_THROW(NearestCentroid({1, 0}, {1, 2, 3}, 1), ShapeError);
  EXPECT_THROW(NearestCentroid({0, 0}, {1, 2}, 1), DataError);
  EXPECT_THROW(NearestCentroid({-1, 1}, {1, 2}, 1), DataError);
  EXPECT_THROW(NearestCentroid({1, 0}, {1, kNan}, 1), DataError);
  EXPECT_THROW(NearestCentroid({1, 0}, {1, 2}, 0), DataError);
  EXPECT_THROW(NearestCentroid({1, 0}, {1, 2}, kNan), DataError);
}

}  // namespace
}  // namespace thimble::classical
