#include "evaluation/prediction.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "evaluation/fake_classifier.hpp"
#include "imaging/augmentation.hpp"

namespace thimble {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using thimble::testing::FakeClassifier;

constexpr PictureShape kShape{2, 3, 1};
const std::vector<std::string> kClasses = {"a", "b", "c"};

Images random_pictures(std::size_t n) {
  Random random(n);
  Images pictures(kShape, n);
  for (std::uint8_t& pixel : pictures.pixels()) pixel = static_cast<std::uint8_t>(random.bits());
  return pictures;
}

RC_GTEST_PROP(Predict, BatchesChangeNothing, ()) {
  const FakeClassifier classifier(kShape, kClasses);
  const Images pictures = random_pictures(*rc::gen::inRange<std::size_t>(0, 60));
  const auto batch_size = *rc::gen::inRange<std::size_t>(1, 70);
  const Probabilities batched = predict(classifier, pictures, {.batch_size = batch_size});
  const Probabilities whole = classifier.predict_proba(pictures);
  RC_ASSERT(std::equal(batched.values().begin(), batched.values().end(), whole.values().begin(),
                       whole.values().end()));
}

TEST(Predict, KeepsToTheBatchSize) {
  const FakeClassifier classifier(kShape, kClasses);
  EXPECT_EQ(predict(classifier, random_pictures(25), {.batch_size = 10}).size(), 25u);
  EXPECT_EQ(classifier.largest_batch, 10u);
}

TEST(Predict, FlipAveragesThePictureAndItsMirrorImage) {
  const FakeClassifier classifier(kShape, kClasses);
  const Images pictures = random_pictures(7);
  const Probabilities averaged = predict(classifier, pictures, {.flip_tta = true, .batch_size = 3});
  const Probabilities plain = classifier.predict_proba(pictures);
  const Probabilities mirrored = classifier.predict_proba(flip_horizontally(pictures));
  for (std::size_t i = 0; i < averaged.values().size(); ++i) {
    EXPECT_FLOAT_EQ(averaged.values()[i], (plain.values()[i] + mirrored.values()[i]) / 2);
  }
  // A mirror image must then get the same answer.
  const Probabilities again = predict(classifier, flip_horizontally(pictures), {.flip_tta = true});
  EXPECT_TRUE(std::equal(averaged.values().begin(), averaged.values().end(), again.values().begin(),
                         again.values().end()));
}

TEST(Predict, NamesBothShapesWhereTheyDiffer) {
  const FakeClassifier classifier(kShape, kClasses);
  try {
    predict(classifier, Images({28, 28, 3}, 2));
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("28x28 RGB"), HasSubstr("2x3 grey")));
  }
}

TEST(KnowsMirrorImages, IsReadFromTheRecipe) {
  ModelDescription model;
  for (const char* recipe :
       {"null", "[]", "{}", R"({"augmentation": 3})",
        R"({"augmentation": {"horizontal_flip": 0.5, "alternating_flip": false}})",
        R"({"augmentation": {"horizontal_flip": 0, "alternating_flip": true}})"}) {
    model.recipe = nlohmann::json::parse(recipe);
    EXPECT_TRUE(knows_mirror_images(model)) << recipe;
  }
  for (const char* recipe :
       {R"({"augmentation": {}})",
        R"({"augmentation": {"horizontal_flip": 0.0, "alternating_flip": false}})"}) {
    model.recipe = nlohmann::json::parse(recipe);
    EXPECT_FALSE(knows_mirror_images(model)) << recipe;
  }
}

TEST(AnswersByVotes, IsReadFromTheRecipe) {
  ModelDescription model;
  model.family = "svm";
  EXPECT_FALSE(answers_by_votes(model));
  model.recipe = {{"model", {{"probability", false}}}};
  EXPECT_TRUE(answers_by_votes(model));
  model.family = "forest";
  EXPECT_FALSE(answers_by_votes(model));
  model.family = "svm";
  model.recipe["model"]["probability"] = true;
  EXPECT_FALSE(answers_by_votes(model));
}

TEST(Predict, StopsWhenAsked) {
  struct StopAfterOne : Progress {
    void update(std::uint64_t done, std::uint64_t total, const std::string&) override {
      EXPECT_LE(done, total);
      ++updates;
    }
    bool stop_requested() const override { return updates == 1; }
    int updates = 0;
  } progress;
  const FakeClassifier classifier(kShape, kClasses);
  EXPECT_THROW(predict(classifier, random_pictures(30), {.batch_size = 10, .progress = &progress}),
               Cancelled);
  EXPECT_EQ(progress.updates, 1);
}

}  // namespace
}  // namespace thimble
