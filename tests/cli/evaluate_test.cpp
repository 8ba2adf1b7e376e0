#include "cli/evaluate.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/random.hpp"
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

}  // namespace
}  // namespace thimble::cli
