#include "exploration/neighborhood.hpp"

#include "base/error.hpp"
#include "exploration_reference.hpp"

namespace thimble {
namespace {

using testing::labelled;

TEST(Neighborhood, IsThatOfScikitLearn) {
  const testing::Reference reference;
  Progress progress;
  const auto k = reference.json["neighbors"].get<std::size_t>();
  const Neighborhood found = find_neighbors(reference.splits, progress, k);
  EXPECT_EQ(found.samples, reference.json["labels"].size());
  EXPECT_EQ(found.positions, reference.json["positions"].get<std::vector<std::int32_t>>());
  EXPECT_EQ(found.squared_distances,
            reference.json["squared_distances"].get<std::vector<double>>());
}

TEST(Neighborhood, LeavesOutEachSampleItselfAmongManyCopiesToo) {
  DatasetSplits splits;
  splits.train = labelled({1, 1, 1}, {5, 5, 5, 5, 9}, {0, 0, 0, 1, 1}, 2);
  Progress progress;
  const Neighborhood found = find_neighbors(splits, progress, 2);
  EXPECT_EQ(found.positions, (std::vector<std::int32_t>{1, 2, 0, 2, 0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(found.distances(3).back(), 0);
  EXPECT_EQ(found.distances(4).back(), 16);
}

TEST(Neighborhood, IsSmallerWhereThereAreFewSamples) {
  DatasetSplits splits;
  splits.train = labelled({1, 1, 1}, {5, 9}, {0, 1}, 2);
  Progress progress;
  EXPECT_EQ(find_neighbors(splits, progress).k, 1u);
  splits.train = labelled({1, 1, 1}, {5}, {0}, 2);
  const Neighborhood alone = find_neighbors(splits, progress);
  EXPECT_EQ(alone.k, 0u);
  EXPECT_TRUE(alone.neighbors(0).empty());
}

TEST(Neighborhood, PositionsAreSamplesOfBothSplits) {
  const testing::Reference reference;
  const AllSamples samples(reference.splits);
  const std::size_t train = reference.splits.train.size();
  EXPECT_EQ(samples.id(train - 1), (SampleId{SampleId::Split::train, train - 1}));
  EXPECT_EQ(samples.id(train + 3), (SampleId{SampleId::Split::test, 3}));
  EXPECT_EQ(samples.position(samples.id(train + 3)), train + 3);
  EXPECT_EQ(samples.label(train + 3), reference.splits.test->labels[3]);
  EXPECT_EQ(samples.picture(train + 3).data(), reference.splits.test->images[3].data());
  EXPECT_EQ(rms_difference(120, {6, 5, 1}), 2);
}

TEST(Neighborhood, StopsWhenAsked) {
  struct Stop : Progress {
    bool stop_requested() const override { return true; }
  } stop;
  const testing::Reference reference;
  EXPECT_THROW(find_neighbors(reference.splits, stop), Cancelled);
}

TEST(Neighborhood, RefusesNoPictures) {
  Progress progress;
  DatasetSplits splits;
  splits.train = labelled({1, 1, 1}, {}, {}, 2);
  EXPECT_THROW(find_neighbors(splits, progress), DataError);
}

}  // namespace
}  // namespace thimble
