#include "cli/evaluate.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/random.hpp"
#include "cli/run_program.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/fake_classifier.hpp"
#include "evaluation/prediction.hpp"
#include "imaging/codec.hpp"
#include "temporary_folder.hpp"

namespace thimble::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using thimble::testing::FakeClassifier;

constexpr PictureShape kShape{4, 4, 1};
const std::vector<std::string> kClasses = {"Coat", "Bag", "Shirt"};

// Labelled by the brightest of the first three pixels, but for every fifth sample.
Dataset make_dataset(std::size_t n, const std::string& split) {
  Random random(n);
  Dataset dataset;
  dataset.images = Images(kShape, n);
  for (std::uint8_t& pixel : dataset.images.pixels()) {
    pixel = static_cast<std::uint8_t>(random.bits());
  }
  dataset.classes = kClasses;
  const Probabilities answers = FakeClassifier(kShape, kClasses).predict_proba(dataset.images);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t wrong = i % 5 == 0 ? 1 : 0;
    dataset.labels.push_back(static_cast<std::int32_t>((predicted_class(answers[i]) + wrong) % 3));
  }
  dataset.provenance = {"wardrobe", split, "", false};
  dataset.provenance.fingerprint = fingerprint(dataset);
  return dataset;
}

DatasetSplits make_splits() { return {make_dataset(90, "train"), make_dataset(40, "test")}; }

struct Printed {
  std::string out;
  std::string notes;
};

Printed run(const EvaluateOptions& options, const FakeClassifier& model,
            DatasetSplits splits = make_splits()) {
  std::ostringstream out, notes;
  evaluate_classifier(model, std::move(splits), options, out, notes);
  return {out.str(), notes.str()};
}

TEST(EvaluateClassifier, PrintsTheFigures) {
  const FakeClassifier model(kShape, kClasses);
  const Printed outcome = run({}, model);
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("model      brightest-pixel (fake), trained on fashion-mnist"),
                    HasSubstr("data       wardrobe, test split"), HasSubstr("accuracy   80.00 %"),
                    HasSubstr("samples    40"), HasSubstr("confusion matrix")));
  EXPECT_THAT(outcome.notes, IsEmpty());
}

TEST(EvaluateClassifier, WritesJsonAndSheet) {
  const TemporaryFolder folder;
  const FakeClassifier model(kShape, kClasses);
  EvaluateOptions options;
  options.model = "runs/fake";
  options.json = folder / "figures.json";
  options.sheet = folder / "sheet.png";
  run(options, model);
  const auto json = nlohmann::json::parse(read_text(options.json));
  EXPECT_EQ(json.at("accuracy"), 0.8);
  EXPECT_EQ(json.at("samples"), 40);
  EXPECT_EQ(json.at("model").at("file"), "runs/fake");
  EXPECT_EQ(json.at("model").at("name"), "brightest-pixel");
  EXPECT_EQ(json.at("model").at("test_time_augmentation"), "none");
  EXPECT_EQ(json.at("data").at("name"), "wardrobe");
  EXPECT_EQ(json.at("data").at("split"), "test");
  EXPECT_EQ(json.at("data").at("seen_in_training"), false);
  EXPECT_EQ(read_picture(options.sheet).shape.channels, 3);
}

TEST(EvaluateClassifier, TestTimeAugmentationIsTheMeanWithTheMirrorImage) {
  const TemporaryFolder folder;
  const FakeClassifier model(kShape, kClasses);
  EvaluateOptions options;
  options.flip_tta = true;
  options.json = folder / "figures.json";
  EXPECT_THAT(run(options, model).out, HasSubstr("mirror image"));
  const DatasetSplits splits = make_splits();
  const Evaluation expected = evaluate(predict(model, splits.test->images, {.flip_tta = true}),
                                       splits.test->labels, splits.test->classes);
  const auto json = nlohmann::json::parse(read_text(options.json));
  EXPECT_EQ(json.at("loss"), expected.loss);
  EXPECT_EQ(json.at("model").at("test_time_augmentation"), "flip");
}

TEST(EvaluateClassifier, SaysThatTrainingFiguresAreNoTestFigures) {
  const TemporaryFolder folder;
  FakeClassifier model(kShape, kClasses);
  const DatasetSplits splits = make_splits();
  model.description().trained_on = splits.train.provenance;
  EvaluateOptions options;
  options.split = JudgedSplit::train;
  options.json = folder / "figures.json";
  const Printed outcome = run(options, model);
  EXPECT_THAT(outcome.notes, HasSubstr("no test figures"));
  EXPECT_EQ(nlohmann::json::parse(read_text(options.json)).at("data").at("seen_in_training"), true);
}

TEST(EvaluateClassifier, WritesNothingWhereTheDataDoesNotFit) {
  const TemporaryFolder folder;
  const FakeClassifier model({28, 28, 1}, kClasses);
  EvaluateOptions options;
  options.json = folder / "figures.json";
  EXPECT_THROW(run(options, model), DataError);
  EXPECT_FALSE(std::filesystem::exists(options.json));
}

TEST(EvaluateClassifier, FailsWhereTheJsonCannotBeWritten) {
  const FakeClassifier model(kShape, kClasses);
  EvaluateOptions options;
  options.json = "/nowhere/figures.json";
  EXPECT_THROW(run(options, model), FileError);
}

TEST(DefaultSource, IsWhatTheModelWasTrainedOn) {
  ModelDescription model;
  model.trained_on.name = "mnist";
  EXPECT_EQ(default_source(model), "mnist");
  model.trained_on.name = "synthetic";
  EXPECT_EQ(default_source(model), "synthetic");
  model.trained_on.name = "shoes";
  EXPECT_EQ(default_source(model), "fashion-mnist");
}

// The whole way: a run trained by the program, judged by the program.
class EvaluateCommand : public ::testing::Test {
 protected:
  static constexpr const char* kData = "synthetic:train=100,test=40";

  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    const Outcome trained = run_thimble(folder_->path(), {"train", "--recipe", "mlp", "--data",
                                                          kData, "--epochs", "1", "--out", "run"});
    ASSERT_EQ(trained.status, 0) << trained.err;
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static Outcome evaluate(const std::vector<std::string>& more, rlim_t largest_file = 0) {
    std::vector<std::string> arguments = {"evaluate", "run"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_thimble(folder_->path(), arguments, largest_file);
  }

  static inline TemporaryFolder* folder_ = nullptr;
};

TEST_F(EvaluateCommand, JudgesARun) {
  const Outcome outcome =
      evaluate({"--data", kData, "--json", "figures.json", "--sheet", "sheet.png"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("trained on synthetic (synthetic pictures)"));
  EXPECT_THAT(outcome.err, HasSubstr("synthetic"));
  const auto json = nlohmann::json::parse(read_text(*folder_ / "figures.json"));
  EXPECT_EQ(json.at("samples"), 40);
  EXPECT_EQ(json.at("data").at("synthetic"), true);
  EXPECT_EQ(json.at("model").at("trained_on").at("synthetic"), true);
  EXPECT_EQ(read_picture(*folder_ / "sheet.png").shape.channels, 3);
}

TEST_F(EvaluateCommand, TakesTheDataSetThatTheModelWasTrainedOn) {
  const Outcome outcome = evaluate({});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("data       synthetic, test split"), HasSubstr("samples    1,000")));
}

TEST_F(EvaluateCommand, MakesTheValidationSplitAnew) {
  const Outcome trained =
      run_thimble(folder_->path(),
                  {"train", "--recipe", "mlp", "--data", kData, "--epochs", "1", "--out", "held",
                   "--set", "training.validation_fraction=0.2", "--set", "training.seed=5"});
  ASSERT_EQ(trained.status, 0) << trained.err;
  for (const char* split : {"validation", "train"}) {
    const Outcome outcome =
        run_thimble(folder_->path(), {"evaluate", "held", "--data", kData, "--split", split});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const bool train = std::string(split) == "train";
    EXPECT_THAT(outcome.out, HasSubstr(train ? "samples    80" : "samples    20"));
    EXPECT_THAT(outcome.err, HasSubstr(train ? "no test figures" : "steered by these samples"));
  }
}

TEST_F(EvaluateCommand, ToldWrongExitsWithTwo) {
  EXPECT_EQ(evaluate({"--split", "half"}).status, 2);
  EXPECT_EQ(evaluate({"--data", "no-such-data"}).status, 2);
  EXPECT_EQ(run_thimble(folder_->path(), {"evaluate", "no-such-model"}).status, 2);
  EXPECT_EQ(run_thimble(folder_->path(), {"evaluate"}).status, 2);
}

TEST_F(EvaluateCommand, FailingExitsWithOne) {
  const Outcome size = evaluate({"--data", "synthetic:train=20,test=20,height=32,width=32"});
  EXPECT_EQ(size.status, 1);
  EXPECT_THAT(size.err, AllOf(HasSubstr("32x32 grey"), HasSubstr("28x28 grey")));
  EXPECT_EQ(evaluate({"--json", "no/such/folder.json"}).status, 1);
}

TEST_F(EvaluateCommand, AFullDiskLeavesNoHalfFile) {
  const Outcome outcome = evaluate({"--json", "half.json"}, 1000);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("half.json"));
  EXPECT_FALSE(std::filesystem::exists(*folder_ / "half.json"));
}

}  // namespace
}  // namespace thimble::cli
