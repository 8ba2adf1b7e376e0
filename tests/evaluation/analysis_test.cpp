#include "evaluation/analysis.hpp"

#include <gtest/gtest.h>

#include "evaluation/fake_classifier.hpp"
#include "evaluation/stored_cases.hpp"

namespace thimble {
namespace {

const std::vector<std::string> kClasses = {"Coat", "Bag", "Shirt"};

TEST(Analysis, AddsToTheEvaluationsJson) {
  const Probabilities rows =
      testing::probabilities_of({{0.7f, 0.2f, 0.1f}, {0.3f, 0.3f, 0.4f}, {0.2f, 0.7f, 0.1f}});
  const std::vector<std::int32_t> labels = {0, 1, 1};
  nlohmann::json json = to_json(evaluate(rows, labels, kClasses));
  Analysis analysis = analyse(rows, labels);
  add_json(analysis, /*points=*/false, json);
  EXPECT_EQ(json.at("classes").at(0).at("average_precision"), 1);
  EXPECT_EQ(json.at("classes").at(0).at("precision"), 1);
  EXPECT_TRUE(json.at("classes").at(2).at("roc_auc").is_null());
  EXPECT_EQ(json.at("macro").at("roc_auc"), 1);
  EXPECT_EQ(json.at("coverage").at("handed_over").size(), std::size(kHandedOver));
  EXPECT_EQ(json.at("calibration").at("equal_width").at("bins").size(), kReliabilityBins);
  for (const char* key : {"curves", "learning_curves", "cost"}) EXPECT_FALSE(json.contains(key));
  EXPECT_FALSE(json.at("calibration").contains("temperature_scaling"));

  analysis.temperature = judge_temperature(rows, labels, 2, 50);
  analysis.learning_curves = LearningCurves{};
  analysis.cost = ModelCost{};
  add_json(analysis, /*points=*/true, json);
  EXPECT_EQ(json.at("curves").at(0).at("name"), "Coat");
  EXPECT_TRUE(json.at("curves").at(2).at("roc").at("true_positive_rate").empty());
  EXPECT_EQ(json.at("calibration").at("temperature_scaling").at("validation_samples"), 50);
  EXPECT_TRUE(json.at("cost").at("file_bytes").is_null());
}

TEST(Analysis, ATemperatureOfOneChangesNothing) {
  for (const testing::StoredCase& stored : testing::stored_cases()) {
    SCOPED_TRACE(stored.name);
    const TemperatureScaling unchanged =
        judge_temperature(stored.probabilities, stored.labels, 1, 10);
    EXPECT_NEAR(unchanged.loss, stored.expected.at("loss").get<double>(), 1e-5);
  }
}

TEST(ModelCost, IsMeasured) {
  const testing::FakeClassifier model({4, 4, 1}, kClasses);
  const AnswerSpeed speed = measure_speed(model, Images({4, 4, 1}, 30));
  EXPECT_EQ(speed.batch_size, 30u);
  EXPECT_GT(speed.pictures_per_second, 0);
  EXPECT_GT(speed.latency.calls, 0u);
  EXPECT_LE(speed.latency.median_seconds, speed.latency.p95_seconds);
  EXPECT_FALSE(parameter_count(model));
  EXPECT_THROW(measure_speed(model, Images({4, 4, 1}, 0)), UsageError);
}

}  // namespace
}  // namespace thimble
