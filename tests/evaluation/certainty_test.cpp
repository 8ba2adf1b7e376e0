#include "evaluation/certainty.hpp"

#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "evaluation/fake_classifier.hpp"
#include "models/novelty.hpp"

namespace thimble {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr PictureShape kShape{8, 8, 1};

/// Grey boxes on black that leave a border of one pixel, four pixels high and six wide.
Dataset boxes(std::size_t n, std::uint64_t seed) {
  Dataset data{Images(kShape, n), std::vector<std::int32_t>(n), {"a", "b"}, {}};
  Random random(seed);
  for (std::size_t i = 0; i < n; ++i) {
    data.labels[i] = static_cast<std::int32_t>(i % 2);
    for (std::size_t y = 2; y < 6; ++y) {
      for (std::size_t x = 1; x < 7; ++x) {
        data.images[i][y * 8 + x] = static_cast<std::uint8_t>(100 + random.below(60));
      }
    }
  }
  return data;
}

/// Answers that claim to be 99 % sure, of which the first `wrong` are wrong.
Probabilities boasts(const Dataset& data, std::size_t wrong) {
  Probabilities probabilities(data.size(), 2);
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto label = static_cast<std::size_t>(data.labels[i]);
    const float share = i % 3 == 0 ? 0.98F : 0.99F;
    probabilities[i][label] = i < wrong ? 1 - share : share;
    probabilities[i][1 - label] = i < wrong ? share : 1 - share;
  }
  return probabilities;
}

struct Fitted {
  Fitted(std::size_t train, std::size_t validation, std::size_t wrong)
      : model(kShape, {"a", "b"}), samples{boxes(train, 1), boxes(validation, 2), {}} {
    // What an earlier fit may have left behind.
    model.description().temperature = 3;
    model.description().unsure_below = 0.1;
    const Probabilities probabilities =
        validation > 0 ? boasts(samples.validation, wrong) : Probabilities();
    notes = fit_certainty(model, samples, probabilities, nullptr);
  }

  testing::FakeClassifier model;
  TrainingSamples samples;
  std::vector<std::string> notes;
};

TEST(FitCertainty, FitsEverything) {
  const Fitted fitted(60, 100, 20);
  EXPECT_THAT(fitted.notes, IsEmpty());
  const ModelDescription& model = fitted.model.description();
  EXPECT_EQ(model.style, (PictureStyle{PictureStyle::Kind::cut_out, 0.75}));
  EXPECT_GT(model.temperature, 2);
  ASSERT_NE(model.novelty, nullptr);
  Images white(kShape, 1);
  std::ranges::fill(white.pixels(), std::uint8_t{255});
  EXPECT_GT(model.novelty->scores(white)[0], 1);

  const nlohmann::json& calibration = model.metrics.at("validation").at("calibration");
  EXPECT_NEAR(calibration.at("before").at("expected_error").get<double>(), 0.187, 0.01);
  EXPECT_LT(calibration.at("after").at("expected_error").get<double>(), 0.03);
  EXPECT_LT(calibration.at("after").at("loss"), calibration.at("before").at("loss"));
  // Calibrated, the lesser boast is as sure as the share of right answers, or a little less.
  EXPECT_EQ(model.unsure_below, kHighestUnsure);
  EXPECT_EQ(calibration.at("unsure"), 0);
  EXPECT_THAT(certainty_text(model), HasSubstr("75 % of the picture; temperature "));
  EXPECT_THAT(certainty_text(model), HasSubstr("tells unfamiliar pictures"));
}

TEST(FitCertainty, CallsFewRightAnswersUnsure) {
  TrainingSamples samples{boxes(60, 1), boxes(400, 2), {}};
  Probabilities probabilities(400, 2);
  Random random(5);
  for (std::size_t i = 0; i < 400; ++i) {
    const auto label = static_cast<std::size_t>(samples.validation.labels[i]);
    const auto share = static_cast<float>(random.uniform(0.5, 1));
    const bool right = random.uniform() < static_cast<double>(share);
    probabilities[i][label] = right ? share : 1 - share;
    probabilities[i][1 - label] = 1 - probabilities[i][label];
  }
  testing::FakeClassifier model(kShape, {"a", "b"});
  EXPECT_THAT(fit_certainty(model, samples, probabilities, nullptr), IsEmpty());
  EXPECT_NEAR(model.description().temperature, 1, 0.3);
  EXPECT_GT(model.description().unsure_below, 0.5);
  EXPECT_LT(model.description().unsure_below, 0.6);
}

TEST(FitCertainty, DoesNotCalibrateByTooLittle) {
  for (const auto& [validation, wrong] : {std::pair{100, 0}, std::pair{40, 5}}) {
    const Fitted fitted(60, static_cast<std::size_t>(validation), static_cast<std::size_t>(wrong));
    EXPECT_THAT(fitted.notes, ElementsAre(HasSubstr("the probabilities were not calibrated: ")));
    EXPECT_EQ(fitted.model.description().temperature, 1);
    EXPECT_EQ(fitted.model.description().unsure_below, 0.5);
    EXPECT_NE(fitted.model.description().novelty, nullptr);
  }
}

TEST(FitCertainty, DoesWithoutValidationSamples) {
  const Fitted fitted(100, 0, 0);
  EXPECT_THAT(fitted.notes, IsEmpty());
  EXPECT_EQ(fitted.model.description().temperature, 1);
  EXPECT_NE(fitted.model.description().novelty, nullptr);
  EXPECT_EQ(fitted.model.description().style.kind, PictureStyle::Kind::cut_out);
}

TEST(FitCertainty, SaysWhereThereAreTooFewPictures) {
  for (const std::size_t train : {4u, 21u}) {
    const Fitted fitted(train, 0, 0);
    EXPECT_EQ(fitted.model.description().novelty, nullptr);
    EXPECT_THAT(fitted.notes, ElementsAre(HasSubstr("cannot tell unfamiliar pictures")));
    EXPECT_THAT(certainty_text(fitted.model.description()), HasSubstr("cannot tell"));
  }
}

}  // namespace
}  // namespace thimble
