#include "exploration/class_overlap.hpp"

#include <cmath>

#include "base/error.hpp"
#include "exploration/exploration_json.hpp"
#include "exploration_reference.hpp"

namespace thimble {
namespace {

using testing::labelled;

TEST(ClassDistances, AgreeWithLinearDiscriminantAnalysis) {
  const testing::Reference reference;
  const auto& expected = reference.json["distances"];
  Progress progress;
  const ClassDistances found = class_distances(reference.splits.train, progress);
  EXPECT_EQ(found.components, expected["components"].get<std::size_t>());
  EXPECT_NEAR(found.explained_variance, expected["explained_variance"].get<double>(), 1e-5);
  EXPECT_NEAR(found.between_share, expected["between_share"].get<double>(), 1e-12);
  for (std::size_t a = 0; a < found.classes; ++a) {
    for (std::size_t b = 0; b < found.classes; ++b) {
      const std::string pair = std::to_string(a) + "," + std::to_string(b);
      const double separation = found.separation[a * found.classes + b];
      if (!expected["separation"].contains(pair)) {
        EXPECT_TRUE(std::isnan(separation)) << pair;
        continue;
      }
      EXPECT_NEAR(separation, expected["separation"][pair].get<double>(), 1e-3) << pair;
      EXPECT_NEAR(found.mean_distance[a * found.classes + b],
                  expected["mean_distance"][pair].get<double>(), 1e-10);
    }
  }
  ASSERT_EQ(found.nearest.size(), 3u);
  EXPECT_LE(found.nearest[0].value, found.nearest[1].value);
}

TEST(ClassDistances, KnowTheShareOfMistakes) {
  EXPECT_EQ(expected_error(0), 0.5);
  EXPECT_NEAR(expected_error(2 * 1.959963984540054), 0.025, 1e-12);
}

TEST(ClassDistances, OfTooFewOrConstantPicturesHaveNoSeparation) {
  Progress progress;
  const ClassDistances few =
      class_distances(labelled({1, 2, 1}, {0, 0, 100, 200}, {0, 1}, 2), progress);
  EXPECT_EQ(few.components, 0u);
  EXPECT_TRUE(std::isnan(few.separation[1]));
  EXPECT_DOUBLE_EQ(few.mean_distance[1], std::sqrt(25000));
  EXPECT_EQ(few.between_share, 1);
  EXPECT_TRUE(few.nearest.empty());

  const ClassDistances constant = class_distances(
      labelled({1, 1, 1}, std::vector<std::uint8_t>(40, 9), std::vector<std::int32_t>(40), 2),
      progress);
  EXPECT_EQ(constant.between_share, 0);
  EXPECT_TRUE(std::isnan(constant.mean_distance[1]));
}

TEST(ClassDistances, StayFiniteWhereClassesDoNotVary) {
  std::vector<std::uint8_t> pixels;
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 60; ++i) {
    labels.push_back(i % 2);
    pixels.push_back(i % 2 == 0 ? 10 : 90);
  }
  Progress progress;
  const ClassDistances found = class_distances(labelled({1, 1, 1}, pixels, labels, 2), progress);
  EXPECT_EQ(found.components, 1u);
  EXPECT_NEAR(found.separation[1], 80 * std::sqrt(12), 1e-3);
}

TEST(ClassDistances, AreTheSameForAnyNumberOfThreads) {
  const Dataset dataset = testing::noise({10, 10, 3}, 1100, 4, 2);
  Progress progress;
  testing::expect_same_for_any_threads([&] { return to_json(class_distances(dataset, progress)); });
}

TEST(NeighborOverlap, AgreesWithScikitLearn) {
  const testing::Reference reference;
  Progress progress;
  const Neighborhood neighborhood =
      find_neighbors(reference.splits, progress, reference.json["neighbors"]);
  const NeighborOverlap found = neighbor_overlap(reference.splits, neighborhood);
  EXPECT_NEAR(found.same_class, reference.json["same_class"].get<double>(), 1e-12);
  EXPECT_NEAR(found.nearest_same_class, reference.json["nearest_same_class"].get<double>(), 1e-12);
  for (std::size_t c = 0; c < found.classes; ++c) {
    EXPECT_NEAR(found.shares[c], reference.json["shares_of_first"][c].get<double>(), 1e-12);
  }
  EXPECT_TRUE(std::isnan(found.shares[reference.json["missing"].get<std::size_t>() * 4]));
  for (std::size_t i = 1; i < found.most_overlapping.size(); ++i) {
    EXPECT_GE(found.most_overlapping[i - 1].value, found.most_overlapping[i].value);
  }
}

TEST(NeighborOverlap, CountsWhoIsNextToWhom) {
  DatasetSplits splits;
  splits.train = labelled({1, 1, 1}, {0, 1, 3, 100}, {0, 0, 1, 1}, 3);
  Progress progress;
  const NeighborOverlap found = neighbor_overlap(splits, find_neighbors(splits, progress, 1));
  EXPECT_EQ(found.shares[0], 1);
  EXPECT_EQ(found.shares[3], 0.5);  // 3 is next to 1, 100 to 3
  EXPECT_EQ(found.same_class, 0.75);
  ASSERT_EQ(found.most_overlapping.size(), 1u);
  EXPECT_EQ(found.most_overlapping[0].value, 0.25);
  EXPECT_EQ(to_json(found)["shares"][2][0].dump(), "null");
}

TEST(NeighborOverlap, RefusesNeighborsOfOtherData) {
  const testing::Reference reference;
  Progress progress;
  const Neighborhood train = find_neighbors(reference.splits.train.images, progress, 3);
  EXPECT_THROW(neighbor_overlap(reference.splits, train), ShapeError);
}

}  // namespace
}  // namespace thimble
