#include "exploration/out_of_fold.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "exploration/spots.hpp"

namespace thimble {
namespace {

TEST(StratifiedFolds, SpreadEveryClassEvenly) {
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 53; ++i) labels.push_back(i < 30 ? 0 : i < 51 ? 1 : 3);
  const std::vector<int> fold_of = stratified_folds(labels, 5, 5, 1);
  std::vector<int> all(5), first(5), last(5);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    ++all.at(static_cast<std::size_t>(fold_of[i]));
    if (labels[i] == 0) ++first[static_cast<std::size_t>(fold_of[i])];
    if (labels[i] == 3) ++last[static_cast<std::size_t>(fold_of[i])];
  }
  EXPECT_THAT(first, ::testing::Each(6));
  EXPECT_THAT(all, ::testing::Each(::testing::AllOf(::testing::Ge(10), ::testing::Le(11))));
  EXPECT_THAT(last, ::testing::Each(::testing::Le(1)));
  EXPECT_EQ(stratified_folds(labels, 5, 5, 1), fold_of);
  EXPECT_NE(stratified_folds(labels, 5, 5, 2), fold_of);
  EXPECT_THROW(stratified_folds(labels, 5, 1, 1), UsageError);
}

// A model that may look at the picture it is asked about would always be right: the nearest
// neighbour is the picture itself.
TEST(OutOfFold, NoModelHasSeenWhatItJudges) {
  Dataset dataset = testing::spots({4, 4, 1}, 60, 3);
  dataset.labels[10] = 2;
  const Recipe recipe =
      parse_recipe("family = \"knn\"\n[model]\nn_neighbors = 1\n", "test", "1-nn");
  const std::vector<int> fold_of = stratified_folds(dataset.labels, 3, 4, 1);
  const Probabilities probabilities = out_of_fold_probabilities(dataset, recipe, fold_of, nullptr);
  EXPECT_EQ(probabilities[10][1], 1.0F);
  EXPECT_THROW(out_of_fold_probabilities(dataset, recipe, std::vector<int>(3), nullptr),
               ShapeError);
}

TEST(OutOfFold, TellsTheFoldsAndStopsWhenAsked) {
  class Watch : public Progress {
   public:
    void update(std::uint64_t done, std::uint64_t total, const std::string&) override {
      EXPECT_LT(done, 3U);
      EXPECT_EQ(total, 3U);
      last = done;
    }
    bool stop_requested() const override { return last >= stop_at; }
    std::uint64_t last = 0;
    std::uint64_t stop_at = 99;
  } watch;
  const Dataset dataset = testing::spots({4, 4, 1}, 30, 3);
  const Recipe recipe = parse_recipe("family = \"nearest-centroid\"\n", "test", "centroid");
  const std::vector<int> fold_of = stratified_folds(dataset.labels, 3, 3, 1);
  out_of_fold_probabilities(dataset, recipe, fold_of, &watch);
  EXPECT_EQ(watch.last, 2U);
  watch.last = 0;
  watch.stop_at = 1;
  EXPECT_THROW(out_of_fold_probabilities(dataset, recipe, fold_of, &watch), Cancelled);
}

}  // namespace
}  // namespace thimble
