#include "evaluation/prediction_sheet.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace thimble {
namespace {

// n samples of three classes in turn; every fourth is taken for the next class.
struct Sample {
  Dataset dataset;
  Probabilities probabilities;
};

Sample make_sample(std::size_t n, bool mistakes) {
  Sample sample;
  sample.dataset.images = Images({28, 28, 1}, n);
  sample.dataset.classes = {"Coat", "Ankle boot", "A class with a very long name"};
  sample.probabilities = Probabilities(n, 3);
  for (std::size_t i = 0; i < n; ++i) {
    sample.dataset.labels.push_back(static_cast<std::int32_t>(i % 3));
    const std::size_t predicted = mistakes && i % 4 == 0 ? (i + 1) % 3 : i % 3;
    for (float& p : sample.probabilities[i]) p = 0.1f;
    sample.probabilities[i][predicted] = 0.8f;
  }
  return sample;
}

bool has_color(const Picture& picture, Color color) {
  for (std::size_t i = 0; i + 2 < picture.pixels.size(); i += 3) {
    if (Color{picture.pixels[i], picture.pixels[i + 1], picture.pixels[i + 2]} == color)
      return true;
  }
  return false;
}

TEST(PredictionSheet, FramesRightAndWrong) {
  const Sample mixed = make_sample(60, true);
  const Picture sheet = draw_prediction_sheet(mixed.dataset, mixed.probabilities);
  EXPECT_EQ(sheet.shape.channels, 3);
  EXPECT_TRUE(has_color(sheet, kRightFrame));
  EXPECT_TRUE(has_color(sheet, kWrongFrame));

  const Sample right = make_sample(60, false);
  const Picture good = draw_prediction_sheet(right.dataset, right.probabilities, {.title = "all"});
  EXPECT_TRUE(has_color(good, kRightFrame));
  EXPECT_FALSE(has_color(good, kWrongFrame));
}

TEST(PredictionSheet, ShowsNoMoreThanAskedFor) {
  const Sample few = make_sample(400, true);
  const Picture small =
      draw_prediction_sheet(few.dataset, few.probabilities, {.right_per_class = 1, .wrong = 8});
  const Picture large =
      draw_prediction_sheet(few.dataset, few.probabilities, {.right_per_class = 1, .wrong = 80});
  EXPECT_LT(small.shape.height, large.shape.height);
  const Picture none =
      draw_prediction_sheet(few.dataset, few.probabilities, {.right_per_class = 1, .wrong = 0});
  EXPECT_FALSE(has_color(none, kWrongFrame));
}

TEST(PredictionSheet, RefusesWhatDoesNotFit) {
  const Sample sample = make_sample(10, true);
  EXPECT_THROW(draw_prediction_sheet(sample.dataset, Probabilities(9, 3)), ShapeError);
  EXPECT_THROW(draw_prediction_sheet(sample.dataset, Probabilities(10, 4)), ShapeError);
}

}  // namespace
}  // namespace thimble
