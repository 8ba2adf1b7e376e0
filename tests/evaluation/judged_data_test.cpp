#include "evaluation/judged_data.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "data/split.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr double kFraction = 0.25;
constexpr std::uint64_t kSeed = 9;

Dataset make_dataset(std::size_t n, const std::string& split, std::uint64_t seed) {
  Random random(seed);
  Dataset dataset;
  dataset.images = Images({2, 2, 1}, n);
  for (std::uint8_t& pixel : dataset.images.pixels()) {
    pixel = static_cast<std::uint8_t>(random.bits());
  }
  for (std::size_t i = 0; i < n; ++i) dataset.labels.push_back(static_cast<std::int32_t>(i % 3));
  dataset.classes = {"coat", "dress", "bag"};
  dataset.provenance = {"wardrobe", split, "", false};
  dataset.provenance.fingerprint = fingerprint(dataset);
  return dataset;
}

DatasetSplits make_splits(std::uint64_t seed = 1) {
  return {make_dataset(60, "train", seed), make_dataset(20, "test", seed + 1000)};
}

// A model trained on `train`, without a validation split.
ModelDescription trained_on(const Dataset& train) {
  ModelDescription model;
  model.name = "small";
  model.input = train.images.shape();
  model.classes = train.classes;
  model.trained_on = train.provenance;
  return model;
}

// A model trained on `whole` but for a validation split.
ModelDescription trained_with_validation(const Dataset& whole) {
  ModelDescription model = trained_on(split_validation_fraction(whole, kFraction, kSeed).train);
  model.recipe = {{"training", {{"validation_fraction", kFraction}, {"seed", kSeed}}}};
  return model;
}

TEST(JudgedData, TestSplitIsHonest) {
  const DatasetSplits splits = make_splits();
  for (const ModelDescription& model :
       {trained_on(splits.train), trained_with_validation(splits.train)}) {
    const JudgedData judged = choose_judged_data(splits, JudgedSplit::test, model);
    EXPECT_EQ(judged.dataset.provenance.fingerprint, splits.test->provenance.fingerprint);
    EXPECT_FALSE(judged.seen_in_training);
    EXPECT_THAT(judged.notes, IsEmpty());
    EXPECT_EQ(choose_judged_data(splits, std::nullopt, model).dataset.size(), 20u);
  }
}

TEST(JudgedData, ValidationSplitIsTheOneTheTrainingKeptAside) {
  const DatasetSplits splits = make_splits();
  const JudgedData judged =
      choose_judged_data(splits, JudgedSplit::validation, trained_with_validation(splits.train));
  const Dataset expected = split_validation_fraction(splits.train, kFraction, kSeed).validation;
  EXPECT_EQ(judged.dataset.provenance.fingerprint, expected.provenance.fingerprint);
  EXPECT_FALSE(judged.seen_in_training);
  EXPECT_THAT(judged.notes, ElementsAre(HasSubstr("not test figures")));

  const JudgedData other = choose_judged_data(make_splits(2), JudgedSplit::validation,
                                              trained_with_validation(splits.train));
  EXPECT_THAT(other.notes, ElementsAre(HasSubstr("trained on other data")));

  ModelDescription careless = trained_with_validation(splits.train);
  careless.trained_on = splits.train.provenance;
  EXPECT_TRUE(choose_judged_data(splits, JudgedSplit::validation, careless).seen_in_training);
}

TEST(JudgedData, TrainSplitIsWhatTrainedTheModelAndSaysSo) {
  const DatasetSplits splits = make_splits();
  const JudgedData whole = choose_judged_data(splits, JudgedSplit::train, trained_on(splits.train));
  EXPECT_EQ(whole.dataset.size(), 60u);
  EXPECT_TRUE(whole.seen_in_training);
  EXPECT_THAT(whole.notes, ElementsAre(HasSubstr("no test figures")));

  const JudgedData part =
      choose_judged_data(splits, JudgedSplit::train, trained_with_validation(splits.train));
  EXPECT_EQ(part.dataset.size(), 45u);
  EXPECT_TRUE(part.seen_in_training);

  const JudgedData other =
      choose_judged_data(make_splits(2), JudgedSplit::train, trained_with_validation(splits.train));
  EXPECT_EQ(other.dataset.size(), 60u);
  EXPECT_FALSE(other.seen_in_training);
  EXPECT_THAT(other.notes, IsEmpty());
}

TEST(JudgedData, TestSetThatTrainedTheModelIsFoundOut) {
  const DatasetSplits splits = make_splits();
  const JudgedData judged = choose_judged_data(splits, JudgedSplit::test, trained_on(*splits.test));
  EXPECT_TRUE(judged.seen_in_training);
}

TEST(JudgedData, WithoutATestSplitEverythingIsJudgedUnlessAskedForTest) {
  DatasetSplits splits = make_splits();
  splits.test.reset();
  const ModelDescription stranger = trained_on(make_dataset(30, "train", 77));
  const JudgedData judged = choose_judged_data(splits, std::nullopt, stranger);
  EXPECT_EQ(judged.dataset.size(), 60u);
  EXPECT_FALSE(judged.seen_in_training);
  EXPECT_THAT(judged.notes, ElementsAre(HasSubstr("no test split")));
  EXPECT_THAT(
      message_of<UsageError>([&] { choose_judged_data(splits, JudgedSplit::test, stranger); }),
      AllOf(HasSubstr("wardrobe"), HasSubstr("--split train")));

  EXPECT_TRUE(choose_judged_data(splits, std::nullopt, trained_on(splits.train)).seen_in_training);
  EXPECT_TRUE(choose_judged_data(splits, std::nullopt, trained_with_validation(splits.train))
                  .seen_in_training);
}

TEST(JudgedData, RefusesWhatTheModelCannotTake) {
  const DatasetSplits splits = make_splits();
  ModelDescription model = trained_on(splits.train);
  EXPECT_THAT(
      message_of<UsageError>([&] { choose_judged_data(splits, JudgedSplit::validation, model); }),
      HasSubstr("without a validation split"));
  model.input = {28, 28, 1};
  EXPECT_THAT(message_of<DataError>([&] { choose_judged_data(splits, JudgedSplit::test, model); }),
              AllOf(HasSubstr("wardrobe"), HasSubstr("2x2 grey"), HasSubstr("28x28 grey")));
}

TEST(JudgedData, AStrangeRecipeIsNoReasonToCrash) {
  const DatasetSplits splits = make_splits();
  ModelDescription model = trained_on(splits.train);
  for (const char* recipe :
       {"null", "7", "[]", R"({"training": 3})", R"({"training": {"validation_fraction": "x"}})"}) {
    model.recipe = nlohmann::json::parse(recipe);
    EXPECT_EQ(choose_judged_data(splits, JudgedSplit::test, model).dataset.size(), 20u);
    EXPECT_THROW(choose_judged_data(splits, JudgedSplit::validation, model), UsageError) << recipe;
  }
  model.recipe = {{"training", {{"validation_fraction", 7.5}}}};
  EXPECT_THROW(choose_judged_data(splits, JudgedSplit::validation, model), Error);
}

TEST(AlignClasses, MatchesByNameWhateverTheOrder) {
  Dataset dataset = make_dataset(6, "test", 1);  // labels 0 1 2 0 1 2
  const std::vector<std::string> classes = {"bag", "coat", "shoe", "dress"};
  EXPECT_EQ(align_classes(dataset, classes), std::nullopt);
  EXPECT_THAT(dataset.labels, ElementsAre(1, 3, 0, 1, 3, 0));
  EXPECT_EQ(dataset.classes, classes);
}

TEST(AlignClasses, MatchesByOrderWithANote) {
  Dataset dataset = make_dataset(3, "test", 1);
  const auto note = align_classes(dataset, std::vector<std::string>{"0", "1", "2"});
  ASSERT_TRUE(note.has_value());
  EXPECT_THAT(*note, AllOf(HasSubstr("coat, dress, bag"), HasSubstr("0, 1, 2")));
  EXPECT_THAT(dataset.labels, ElementsAre(0, 1, 2));
  EXPECT_THAT(dataset.classes, ElementsAre("0", "1", "2"));
}

TEST(AlignClasses, RefusesOtherClasses) {
  Dataset dataset = make_dataset(3, "test", 1);
  EXPECT_THAT(message_of<DataError>([&] {
                align_classes(dataset, std::vector<std::string>{"coat", "dress"});
              }),
              AllOf(HasSubstr("3 classes"), HasSubstr("knows 2"), HasSubstr("not bag")));
}

TEST(HeldOutSamples, AreThoseOfTheTraining) {
  const DatasetSplits splits = make_splits();
  const Dataset samples = held_out_samples(splits, trained_with_validation(splits.train));
  EXPECT_EQ(
      samples.provenance.fingerprint,
      split_validation_fraction(splits.train, kFraction, kSeed).validation.provenance.fingerprint);
}

TEST(HeldOutSamples, AreRefusedWhereThereAreNone) {
  const DatasetSplits splits = make_splits();
  EXPECT_THAT(message_of<UsageError>([&] { held_out_samples(splits, trained_on(splits.train)); }),
              HasSubstr("without a validation split"));
  EXPECT_THAT(message_of<UsageError>(
                  [&] { held_out_samples(make_splits(2), trained_with_validation(splits.train)); }),
              HasSubstr("was not trained on wardrobe"));
}

}  // namespace
}  // namespace thimble
