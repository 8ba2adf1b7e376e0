#include "exploration/duplicates.hpp"

#include "exploration/exploration_json.hpp"
#include "exploration_reference.hpp"

namespace thimble {
namespace {

using Split = SampleId::Split;

/// Noise, with pictures added that are copies of some, changed by `change` in their first value.
class Maker {
 public:
  Maker() {
    splits_.train = testing::noise({5, 5, 1}, 40, 2, 3);
    splits_.test = testing::noise({5, 5, 1}, 20, 2, 4);
  }

  void copy(std::size_t train_index, Split to, int change, bool other_label = false) {
    Dataset& dataset = to == Split::train ? splits_.train : *splits_.test;
    const auto source = splits_.train.images[train_index];
    std::vector<std::uint8_t> picture(source.begin(), source.end());
    picture[0] = static_cast<std::uint8_t>(picture[0] + change);
    dataset.images.append(picture);
    const std::int32_t label = splits_.train.labels[train_index];
    dataset.labels.push_back(other_label ? 1 - label : label);
  }

  Duplicates find() const {
    Progress progress;
    return find_duplicates(splits_, find_neighbors(splits_, progress));
  }
  const DatasetSplits& splits() const { return splits_; }

 private:
  DatasetSplits splits_;
};

TEST(Duplicates, NoneInNoise) {
  const Duplicates found = Maker().find();
  EXPECT_TRUE(found.exact.empty());
  EXPECT_TRUE(found.near.empty());
  EXPECT_EQ(found.exact_counts.samples, 0u);
}

TEST(Duplicates, SamePicturesAreGroupedWithinAndAcrossSplits) {
  Maker maker;
  maker.copy(7, Split::train, 0);
  maker.copy(7, Split::test, 0);
  maker.copy(3, Split::test, 0, true);
  const Duplicates found = maker.find();
  ASSERT_EQ(found.exact.size(), 2u);
  EXPECT_EQ(found.exact[0].members,
            (std::vector<SampleId>{{Split::train, 7}, {Split::train, 40}, {Split::test, 20}}));
  EXPECT_TRUE(found.exact[0].labels_agree);
  EXPECT_TRUE(found.exact[0].across_splits);
  EXPECT_FALSE(found.exact[1].labels_agree);
  const DuplicateCounts& counts = found.exact_counts;
  EXPECT_EQ(counts.groups, 2u);
  EXPECT_EQ(counts.samples, 5u);
  EXPECT_EQ(counts.train_surplus, 1u);
  EXPECT_EQ(counts.test_surplus, 0u);
  EXPECT_EQ(counts.test_in_train, 2u);
  EXPECT_EQ(counts.across_groups, 2u);
  EXPECT_EQ(counts.conflicting_groups, 1u);
  EXPECT_EQ(counts.conflicting_samples, 2u);
  EXPECT_TRUE(found.near.empty());
}

TEST(Duplicates, NearlySamePicturesAreLinkedOverOthers) {
  Maker maker;
  maker.copy(7, Split::train, 5);
  maker.copy(7, Split::train, 10);
  maker.copy(7, Split::train, 10);
  maker.copy(9, Split::test, 15);
  const Duplicates found = maker.find();
  EXPECT_EQ(found.exact.size(), 1u);
  ASSERT_EQ(found.near.size(), 2u);
  EXPECT_EQ(found.near[0].members,
            (std::vector<SampleId>{
                {Split::train, 7}, {Split::train, 40}, {Split::train, 41}, {Split::train, 42}}));
  EXPECT_EQ(found.near[0].difference, 2);  // 10 in one of 25 values
  EXPECT_EQ(found.near[1].difference, 3);
  EXPECT_TRUE(found.near[1].across_splits);
  EXPECT_EQ(found.near_counts.train_surplus, 3u);
  EXPECT_EQ(found.near_counts.test_in_train, 1u);
}

TEST(Duplicates, WhereAllPicturesAreAlikeNoneIsACopy) {
  // A spot that varies a little: any two differ by less than a tenth of what there is to see.
  Random random(2);
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < 60; ++i) {
    for (int j = 0; j < 64; ++j) {
      pixels.push_back(static_cast<std::uint8_t>((j / 8 == 4 ? 200 : 0) + random.below(12)));
    }
  }
  DatasetSplits splits;
  splits.train = testing::labelled({8, 8, 1}, pixels, std::vector<std::int32_t>(60), 2);
  Progress progress;
  EXPECT_TRUE(find_duplicates(splits, find_neighbors(splits, progress)).near.empty());
}

TEST(Duplicates, ManyCopiesAndFlatPicturesAndALoneOne) {
  Progress progress;
  DatasetSplits splits;
  splits.train = testing::labelled({1, 2, 1}, std::vector<std::uint8_t>(60, 0),
                                   std::vector<std::int32_t>(30), 2);
  const Duplicates same = find_duplicates(splits, find_neighbors(splits, progress));
  ASSERT_EQ(same.exact.size(), 1u);
  EXPECT_EQ(same.exact_counts.train_surplus, 29u);
  EXPECT_TRUE(same.near.empty());
  splits.train = testing::labelled({1, 2, 1}, {1, 2}, {0}, 2);
  EXPECT_TRUE(find_duplicates(splits, find_neighbors(splits, progress)).exact.empty());
}

TEST(Duplicates, AreTheSameForAnyNumberOfThreads) {
  Maker maker;
  for (std::size_t i = 0; i < 10; ++i) maker.copy(i, Split::test, static_cast<int>(i));
  testing::expect_same_for_any_threads([&] { return to_json(maker.find()); });
}

}  // namespace
}  // namespace thimble
