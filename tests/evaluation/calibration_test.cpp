#include "evaluation/calibration.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/stored_cases.hpp"

namespace thimble {
namespace {

void expect_equal(const Reliability& found, const nlohmann::json& expected) {
  EXPECT_NEAR(found.expected_error, expected.at("expected_error").get<double>(), 1e-15);
  EXPECT_NEAR(found.maximum_error, expected.at("maximum_error").get<double>(), 1e-15);
  ASSERT_EQ(found.bins.size(), expected.at("samples").size());
  std::size_t filled = 0;  // scikit-learn leaves empty bins out
  for (std::size_t b = 0; b < found.bins.size(); ++b) {
    const ReliabilityBin& bin = found.bins[b];
    EXPECT_EQ(bin.samples, expected.at("samples").at(b).get<std::uint64_t>()) << b;
    if (bin.samples == 0) continue;
    EXPECT_DOUBLE_EQ(bin.accuracy, expected.at("accuracy").at(filled).get<double>()) << b;
    EXPECT_DOUBLE_EQ(bin.confidence, expected.at("confidence").at(filled).get<double>()) << b;
    EXPECT_LE(bin.accuracy_interval.low, bin.accuracy);
    EXPECT_GE(bin.accuracy_interval.high, bin.accuracy);
    ++filled;
  }
}

TEST(Reliability, IsThatOfScikitLearn) {
  for (const testing::StoredCase& stored : testing::stored_cases()) {
    SCOPED_TRACE(stored.name);
    expect_equal(reliability(stored.probabilities, stored.labels),
                 stored.expected.at("reliability"));
    expect_equal(reliability(stored.probabilities, stored.labels, Binning::equal_mass),
                 stored.expected.at("reliability_equal_mass"));
  }
}

TEST(BrierScore, IsThatOfScikitLearn) {
  for (const testing::StoredCase& stored : testing::stored_cases()) {
    SCOPED_TRACE(stored.name);
    const double score = brier_score(stored.probabilities, stored.labels);
    EXPECT_NEAR(score, stored.expected.at("brier_score").get<double>(), 1e-15);
    const nlohmann::json& binary = stored.expected.at("brier_score_binary");
    if (!binary.is_null()) {
      EXPECT_NEAR(score, 2 * binary.get<double>(), 1e-7);
    }
  }
}

TEST(Temperature, IsTheBestThereIs) {
  for (const testing::StoredCase& stored : testing::stored_cases()) {
    SCOPED_TRACE(stored.name);
    const double temperature = fit_temperature(stored.probabilities, stored.labels);
    EXPECT_GE(temperature, 0.05 * (1 - 1e-9));
    EXPECT_LE(temperature, 20 * (1 + 1e-9));
    const nlohmann::json& expected = stored.expected.at("temperature");
    if (expected.is_null()) continue;  // as good as any other
    EXPECT_NEAR(temperature, expected.get<double>(), 1e-5 * temperature);
  }
}

TEST(Temperature, ChangesHowCertainButNotWhat) {
  for (const testing::StoredCase& stored : testing::stored_cases()) {
    SCOPED_TRACE(stored.name);
    for (const double temperature : {0.5, 1.0, 3.0}) {
      const Probabilities scaled = with_temperature(stored.probabilities, temperature);
      for (std::size_t i = 0; i < scaled.size(); ++i) {
        EXPECT_EQ(predicted_class(scaled[i]), predicted_class(stored.probabilities[i]));
        float sum = 0;
        float before = 0;  // not 1 where a case's class was struck out
        for (const float p : stored.probabilities[i]) before += p;
        for (std::size_t c = 0; c < scaled.classes(); ++c) {
          sum += scaled[i][c];
          if (temperature == 1.0) {
            EXPECT_NEAR(scaled[i][c], stored.probabilities[i][c] / before, 1e-5);
          }
        }
        EXPECT_NEAR(sum, 1, 1e-5);
      }
    }
  }
}

TEST(Temperature, OfEqualProbabilitiesIsOne) {
  const Probabilities rows = testing::probabilities_of({{0.5f, 0.5f}, {0.5f, 0.5f}});
  EXPECT_EQ(fit_temperature(rows, std::vector{0, 1}), 1);
}

TEST(Calibration, RefusesWhatDoesNotFitTogether) {
  const Probabilities rows = testing::probabilities_of({{0.5f, 0.5f}});
  EXPECT_THROW(reliability(rows, std::vector{0, 1}), ShapeError);
  EXPECT_THROW(reliability(Probabilities(), {}), UsageError);
  EXPECT_THROW(reliability(rows, std::vector{0}, Binning::equal_width, 0), UsageError);
  EXPECT_THROW(brier_score(rows, {}), ShapeError);
  EXPECT_THROW(fit_temperature(Probabilities(), {}), UsageError);
}

TEST(Reliability, JsonHasNoAccuracyForEmptyBins) {
  const Probabilities rows = testing::probabilities_of({{0.9f, 0.1f}, {0.8f, 0.2f}});
  const nlohmann::json json = to_json(reliability(rows, std::vector{0, 1}));
  EXPECT_TRUE(json.at("bins").at(0).at("accuracy").is_null());
  EXPECT_EQ(json.at("bins").size(), kReliabilityBins);
  EXPECT_EQ(json.at("bins").at(13).at("samples"), 1);
}

}  // namespace
}  // namespace thimble
