#include "comparison/label_study.hpp"

#include <cmath>
#include <filesystem>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "comparison/label_study_runner.hpp"
#include "data/synthetic.hpp"
#include "models/recipe.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
namespace fs = std::filesystem;

LabelStudy two_ways() {
  LabelStudy study;
  study.data = "digits";
  study.init_name = "cnn";
  study.init_trained_on = "garments";
  study.test_samples = 1000;
  study.labels = {10, 50};
  study.seeds = {1, 2, 3};
  study.ways = {{"scratch", "From nothing", ""}, {"fine-tuned", "Fine-tuned", ""}};
  study.cells.resize(4);
  study.cells[0].accuracies = {0.80, 0.82, 0.84};
  study.cells[1].accuracies = {0.85, 0.86, 0.90};
  study.cells[2].accuracies = {0.90, 0.90, 0.90};
  study.cells[3].accuracies = {0.90, 0.91, 0.89};
  summarise(study);
  return study;
}

TEST(LabelStudy, HoldsEachWayAgainstTheFirstSeedBySeed) {
  const LabelStudy study = two_ways();
  EXPECT_FALSE(study.cell(0, 0).gain);
  EXPECT_NEAR(study.cell(0, 0).accuracy.mean, 0.82, 1e-12);
  // scipy.stats.t.interval(0.95, 2, loc=0.05, scale=scipy.stats.sem([0.05, 0.04, 0.06]))
  const MeanInterval& gain = *study.cell(0, 1).gain;
  EXPECT_NEAR(gain.mean, 0.05, 1e-12);
  EXPECT_NEAR(gain.interval.low, 0.0251586, 1e-6);
  EXPECT_NEAR(gain.interval.high, 0.0748414, 1e-6);
  EXPECT_NEAR(study.cell(1, 1).gain->mean, 0, 1e-12);
}

TEST(LabelStudy, IsToldInTextAndJson) {
  const LabelStudy study = two_ways();
  const std::string text = to_text(study);
  EXPECT_THAT(text, HasSubstr("10 pictures a class\n"));
  EXPECT_THAT(text, HasSubstr("+5.00 (+2.52 to +7.48)"));
  EXPECT_THAT(text, HasSubstr("With 10 pictures a class, fine-tuned is 5.0 points better"));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;

  const auto json = to_json(study);
  EXPECT_EQ(json.at("cells").size(), 4U);
  EXPECT_EQ(json.at("cells")[1].at("way"), "fine-tuned");
  EXPECT_NEAR(json.at("cells")[1].at("gain").at("interval")[0].get<double>(), 0.0251586, 1e-6);
  EXPECT_FALSE(json.at("cells")[0].contains("gain"));
}

TEST(LabelStudy, OneSeedSaysNothingOfLuck) {
  LabelStudy study = two_ways();
  study.seeds = {1};
  for (LabelStudyCell& cell : study.cells) cell.accuracies.resize(1);
  summarise(study);
  EXPECT_THAT(to_text(study), HasSubstr("one seed"));
  EXPECT_THAT(to_text(study), HasSubstr("which may be luck"));
  EXPECT_TRUE(to_json(study).at("cells")[0].at("accuracy").at("interval").is_null());
}

TEST(DrawLabels, TakesAsManyOfEachClassAndKeepsSmallerDraws) {
  const Dataset data = make_synthetic({100, 0, 3, {8, 8, 1}}).train;
  const auto five = draw_labels(data, 5, 7);
  EXPECT_EQ(five.size(), 50U);
  EXPECT_THAT(data.select(five).class_counts(), Each(5U));
  EXPECT_TRUE(std::ranges::is_sorted(five));
  EXPECT_THAT(five, IsSupersetOf(draw_labels(data, 2, 7)));
  EXPECT_NE(five, draw_labels(data, 5, 8));
  EXPECT_THAT(message_of<UsageError>([&] { draw_labels(data, 11, 7); }),
              HasSubstr("11 pictures a class are asked for, but class"));
}

/// A small network in a file, and what to study it on.
class LabelStudyRun : public testing::Test {
 protected:
  LabelStudyRun() {
    auto network = make_classifier(parse_recipe(R"(
        family = "neural"
        [model]
        layers = ["conv 8 3", "batch_norm", "relu", "global_max_pool", "flatten", "dense classes"]
        [training]
        epochs = 1
      )",
                                                "test", "small"));
    network->fit(make_synthetic({200, 0, 5, {12, 12, 1}}).train, {});
    network->save(folder_ / "small.safetensors");
    options_.init = (folder_ / "small.safetensors").string();
    options_.data = "synthetic:train=100,test=60,seed=2,height=12,width=12";
    options_.labels = {4, 2};
    options_.seeds = 2;
    options_.settings = {"training.epochs=2", "training.batch_norm_refresh=0"};
  }

  struct Heard : LabelStudyObserver {
    std::size_t trained = 0;
    std::size_t kept = 0;
    void finished(const LabelStudyPlace& place, double, double, bool was_kept) override {
      EXPECT_EQ(place.number, trained + kept + 1);
      ++(was_kept ? kept : trained);
    }
  };

  std::string message() {
    return message_of<Error>([&] {
      Heard heard;
      run_label_study(options_, folder_ / "study", heard);
    });
  }

  TemporaryFolder folder_;
  LabelStudyOptions options_;
};

TEST_F(LabelStudyRun, GoesOnWithWhatIsThere) {
  Heard heard;
  const LabelStudy study = run_label_study(options_, folder_ / "study", heard);
  EXPECT_EQ(heard.trained, 12U);
  EXPECT_THAT(study.labels, ElementsAre(2, 4));
  EXPECT_EQ(study.ways.size(), 3U);
  EXPECT_EQ(study.test_samples, 60U);
  EXPECT_EQ(study.split, "test");
  for (const LabelStudyCell& cell : study.cells) EXPECT_EQ(cell.accuracies.size(), 2U);

  fs::remove(folder_ / "study" / "4-2-head.json");
  options_.seeds = 3;
  Heard again;
  const LabelStudy more = run_label_study(options_, folder_ / "study", again);
  EXPECT_EQ(again.kept, 11U);
  EXPECT_EQ(again.trained, 7U);
  for (std::size_t i = 0; i < study.cells.size(); ++i) {
    EXPECT_EQ(more.cells[i].accuracies[0], study.cells[i].accuracies[0]);
    EXPECT_EQ(more.cells[i].accuracies[1], study.cells[i].accuracies[1]);
  }

  options_.settings.push_back("optimizer.momentum=0.5");
  EXPECT_THAT(message(), HasSubstr("holds another study: ways."));
}

TEST_F(LabelStudyRun, CanJudgeByTrainingPictures) {
  options_.validate = true;
  options_.labels = {2};
  options_.seeds = 1;
  Heard heard;
  const LabelStudy study = run_label_study(options_, folder_ / "study", heard);
  EXPECT_EQ(study.split, "validation");
  EXPECT_EQ(study.test_samples, 50U);
}

TEST_F(LabelStudyRun, RefusesWhatDoesNotFit) {
  const LabelStudyOptions good = options_;
  options_.data = "synthetic:train=100,test=60,height=14,width=14";
  EXPECT_THAT(message(),
              HasSubstr("its pictures are 14x14 grey, but the model 'small' takes 12x12"));
  options_.data = "synthetic:train=100,test=0,height=12,width=12";
  EXPECT_THAT(message(), HasSubstr("it has no test split to judge by"));
  options_ = good;
  options_.labels = {2, 2};
  EXPECT_THAT(message(), HasSubstr("labels: 2 is given twice"));
  options_.labels = {0};
  EXPECT_THAT(message(), HasSubstr("labels: got 0, expected 1 to"));
  options_ = good;
  options_.seeds = 0;
  EXPECT_THAT(message(), HasSubstr("seeds: got 0"));
  options_ = good;
  options_.settings = {"training.epoch=3"};
  EXPECT_THAT(message(), HasSubstr("did you mean 'training.epochs'"));
  EXPECT_FALSE(fs::exists(folder_ / "study" / "study.json"));
}

}  // namespace
}  // namespace thimble
