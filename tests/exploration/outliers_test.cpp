#include "exploration/outliers.hpp"

#include <cmath>

#include "base/error.hpp"
#include "exploration/exploration_json.hpp"
#include "exploration_reference.hpp"

namespace thimble {
namespace {

using testing::labelled;

Outliers find(const DatasetSplits& splits, const OutlierOptions& options) {
  Progress progress;
  return find_outliers(splits, find_neighbors(splits, progress), progress, options);
}

TEST(Outliers, AgreeWithScikitLearnWithinEachClass) {
  const testing::Reference reference;
  const Outliers found = find(reference.splits, {reference.json["neighbors"], 10});
  for (std::size_t i = 0; i < found.factors.size(); ++i) {
    EXPECT_NEAR(found.factors[i], reference.json["factors"][i].get<double>(), 1e-9) << i;
  }
  ASSERT_EQ(found.ranked.size(), 10u);
  const AllSamples samples(reference.splits);
  for (std::size_t i = 0; i < found.ranked.size(); ++i) {
    const Outlier& outlier = found.ranked[i];
    EXPECT_EQ(outlier.factor, found.factors[samples.position(outlier.sample)]);
    EXPECT_EQ(outlier.label, samples.label(samples.position(outlier.sample)));
    EXPECT_LE(outlier.factor, found.ranked[i == 0 ? 0 : i - 1].factor);
  }
}

TEST(Outliers, SayWhatTheySeemToBe) {
  // Class 0 around 10, class 1 around 200; a 190 that is called 0, and a 105 between.
  DatasetSplits splits;
  splits.train = labelled({1, 1, 1}, {8, 9, 10, 11, 12, 190, 198, 199, 200, 201, 202, 105},
                          {0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1}, 2);
  Progress progress;
  const Outliers found =
      find_outliers(splits, find_neighbors(splits, progress, 3), progress, {3, 2});
  ASSERT_EQ(found.ranked.size(), 2u);
  EXPECT_EQ(found.ranked[0].sample.index, 5u);
  EXPECT_EQ(found.ranked[0].neighbors_class, 1);
  EXPECT_EQ(found.ranked[0].neighbors_share, 1);
  EXPECT_DOUBLE_EQ(found.ranked[0].distance, 179);  // to 12, 11, 10
  EXPECT_EQ(found.ranked[1].sample.index, 11u);
  EXPECT_EQ(found.clear, 2u);
  EXPECT_GT(found.ranked[1].relative_distance, 10);
}

TEST(Outliers, CopiesAndTheOnlyOneOfAClassAreNone) {
  DatasetSplits splits;
  splits.train = labelled({1, 1, 1}, {5, 5, 5, 5, 80}, {0, 0, 0, 0, 1}, 3);
  const Outliers found = find(splits, {2, 10});
  EXPECT_EQ(found.factors, std::vector<double>(5, 1));
  EXPECT_EQ(found.ranked.size(), 4u);
  EXPECT_EQ(found.ranked[0].relative_distance, 1);
  EXPECT_EQ(found.clear, 0u);
}

TEST(Outliers, AreTheSameForAnyNumberOfThreads) {
  const testing::Reference reference;
  testing::expect_same_for_any_threads([&] { return to_json(find(reference.splits, {})); });
}

TEST(Outliers, RefuseNoNeighborsAndStopWhenAsked) {
  const testing::Reference reference;
  EXPECT_THROW(find(reference.splits, {0, 10}), UsageError);
  struct Stop : Progress {
    bool stop_requested() const override { return true; }
  } stop;
  Progress progress;
  const Neighborhood neighborhood = find_neighbors(reference.splits, progress);
  EXPECT_THROW(find_outliers(reference.splits, neighborhood, stop), Cancelled);
}

}  // namespace
}  // namespace thimble
