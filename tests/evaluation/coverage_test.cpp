#include "evaluation/coverage.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "evaluation/stored_cases.hpp"

namespace thimble {
namespace {

TEST(CoverageCurve, AgreesWithTheReference) {
  for (const testing::StoredCase& stored : testing::stored_cases()) {
    SCOPED_TRACE(stored.name);
    const CoverageCurve curve(stored.probabilities, stored.labels);
    const nlohmann::json& expected = stored.expected.at("coverage");
    const std::vector<CoverageCurve::Point> points = curve.points();
    ASSERT_EQ(points.size(), expected.at("coverage").size());
    for (std::size_t i = 0; i < points.size(); ++i) {
      EXPECT_EQ(points[i].threshold, expected.at("thresholds").at(i).get<double>());
      EXPECT_EQ(points[i].coverage, expected.at("coverage").at(i).get<double>());
      EXPECT_EQ(points[i].accuracy, expected.at("accuracy").at(i).get<double>());
    }
    EXPECT_NEAR(curve.area(), expected.at("area").get<double>(), 1e-14);
  }
}

/// Ten answers, surest first: right but for the fourth, the ninth and the tenth.
CoverageCurve ten_answers() {
  Probabilities rows(10, 2);
  std::vector<std::int32_t> labels(10, 0);
  for (std::size_t i = 0; i < 10; ++i) {
    rows[i][0] = 0.95f - 0.04f * static_cast<float>(i);
    rows[i][1] = 1 - rows[i][0];
  }
  labels[3] = labels[8] = labels[9] = 1;
  return CoverageCurve(rows, labels);
}

TEST(CoverageCurve, TellsWhatHandingOverBrings) {
  const CoverageCurve curve = ten_answers();
  const CoverageCurve::Point kept = curve.keeping(0.8);
  EXPECT_DOUBLE_EQ(kept.coverage, 0.8);
  EXPECT_DOUBLE_EQ(kept.accuracy, 7.0 / 8);
  EXPECT_DOUBLE_EQ(kept.mistakes_caught, 2.0 / 3);
  EXPECT_NEAR(kept.threshold, 0.67, 1e-6);
  EXPECT_DOUBLE_EQ(curve.keeping(0.85).coverage, 0.8);  // whole samples
  EXPECT_DOUBLE_EQ(curve.keeping(1).accuracy, 0.7);
  EXPECT_DOUBLE_EQ(curve.keeping(0).accuracy, 1);
  EXPECT_DOUBLE_EQ(curve.keeping(0).mistakes_caught, 1);
}

TEST(CoverageCurve, TellsHowManyCanBeKept) {
  const CoverageCurve curve = ten_answers();
  EXPECT_DOUBLE_EQ(curve.reaching(0.7)->coverage, 1);
  EXPECT_DOUBLE_EQ(curve.reaching(0.85)->coverage, 0.8);
  EXPECT_DOUBLE_EQ(curve.reaching(1)->coverage, 0.3);
  const Probabilities rows = testing::probabilities_of({{0.9f, 0.1f}, {0.8f, 0.2f}});
  EXPECT_FALSE(CoverageCurve(rows, std::vector{1, 0}).reaching(0.9));
}

TEST(CoverageCurve, EqualProbabilitiesCountInAnyOrderAlike) {
  const Probabilities rows =
      testing::probabilities_of({{0.6f, 0.4f}, {0.6f, 0.4f}, {0.6f, 0.4f}, {0.6f, 0.4f}});
  const CoverageCurve one(rows, std::vector{1, 0, 0, 0});
  const CoverageCurve other(rows, std::vector{0, 0, 0, 1});
  EXPECT_EQ(one.keeping(0.5).accuracy, 0.75);
  EXPECT_EQ(other.keeping(0.5).accuracy, 0.75);
  EXPECT_EQ(one.area(), other.area());
  EXPECT_EQ(one.keeping(0.5).mistakes_caught, 0.5);
}

TEST(CoverageCurve, WithoutMistakesThereIsNoneToCatch) {
  const Probabilities rows = testing::probabilities_of({{0.9f, 0.1f}, {0.2f, 0.8f}});
  const CoverageCurve curve(rows, std::vector{0, 1});
  EXPECT_EQ(curve.area(), 1);
  EXPECT_EQ(curve.keeping(0.5).mistakes_caught, 0);
  EXPECT_EQ(to_json(curve).at("handed_over").at(2).at("accuracy"), 1);
}

TEST(CoverageCurve, IsDrawnAtWholePercents) {
  const std::vector<CoverageCurve::Point> points = drawn_points(ten_answers());
  ASSERT_EQ(points.size(), 10u);
  EXPECT_DOUBLE_EQ(points.front().coverage, 0.1);
  EXPECT_DOUBLE_EQ(points.back().accuracy, 0.7);
}

TEST(CoverageCurve, RefusesWhatDoesNotFitTogether) {
  EXPECT_THROW(CoverageCurve(Probabilities(), {}), UsageError);
  EXPECT_THROW(CoverageCurve(Probabilities(2, 2), std::vector{0}), ShapeError);
}

}  // namespace
}  // namespace thimble
