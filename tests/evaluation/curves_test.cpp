#include "evaluation/curves.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "evaluation/stored_cases.hpp"

namespace thimble {
namespace {

void expect_equal(const std::vector<double>& found, const nlohmann::json& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_DOUBLE_EQ(found[i], expected.at(i).get<double>()) << i;
  }
}

void expect_equal(const std::optional<double>& found, const nlohmann::json& expected) {
  ASSERT_EQ(found.has_value(), !expected.is_null());
  if (found) {
    EXPECT_DOUBLE_EQ(*found, expected.get<double>());
  }
}

TEST(ClassCurves, AreThoseOfScikitLearn) {
  std::size_t curves_with_points = 0;
  for (const testing::StoredCase& stored : testing::stored_cases()) {
    for (std::size_t c = 0; c < stored.probabilities.classes(); ++c) {
      SCOPED_TRACE(stored.name + ", class " + std::to_string(c));
      std::vector<float> scores;
      std::vector<std::uint8_t> positive;
      for (std::size_t i = 0; i < stored.labels.size(); ++i) {
        scores.push_back(stored.probabilities[i][c]);
        positive.push_back(stored.labels[i] == static_cast<std::int32_t>(c) ? 1 : 0);
      }
      const ClassCurves curves = class_curves(scores, positive);
      const nlohmann::json& expected = stored.expected.at("curves").at(c);
      expect_equal(curves.average_precision, expected.at("average_precision"));
      expect_equal(curves.roc_auc, expected.at("roc_auc"));
      if (expected.contains("precision")) {
        expect_equal(curves.precision_recall.precision, expected.at("precision"));
        expect_equal(curves.precision_recall.recall, expected.at("recall"));
        expect_equal(curves.precision_recall.thresholds, expected.at("thresholds"));
        ++curves_with_points;
      }
      if (expected.contains("true_positive_rate")) {
        expect_equal(curves.roc.false_positive_rate, expected.at("false_positive_rate"));
        expect_equal(curves.roc.true_positive_rate, expected.at("true_positive_rate"));
      }
    }
  }
  EXPECT_GT(curves_with_points, 20u);
}

TEST(ClassCurves, AreUndefinedWithoutSamplesOfTheClassOrOfOthers) {
  const std::vector<float> scores = {0.2f, 0.7f};
  const ClassCurves none = class_curves(scores, std::vector<std::uint8_t>{0, 0});
  EXPECT_FALSE(none.average_precision || none.roc_auc);
  EXPECT_TRUE(none.precision_recall.recall.empty() && none.roc.true_positive_rate.empty());
  const ClassCurves all = class_curves(scores, std::vector<std::uint8_t>{1, 1});
  EXPECT_EQ(all.average_precision, 1);
  EXPECT_FALSE(all.roc_auc);
  EXPECT_THROW(class_curves(scores, std::vector<std::uint8_t>{1}), ShapeError);
}

TEST(OneVsRestCurves, AverageOverTheClassesThatHaveAValue) {
  const Probabilities rows =
      testing::probabilities_of({{0.7f, 0.2f, 0.1f}, {0.3f, 0.6f, 0.1f}, {0.5f, 0.4f, 0.1f}});
  const Curves curves = one_vs_rest_curves(rows, std::vector{0, 1, 1});
  EXPECT_FALSE(curves.classes[2].average_precision);
  EXPECT_DOUBLE_EQ(*curves.macro_average_precision, (1.0 + 1.0) / 2);
  EXPECT_DOUBLE_EQ(*curves.macro_roc_auc, 1);
  // All samples of one class: its ROC has no negatives, the other's no positives.
  const Curves one = one_vs_rest_curves(rows, std::vector{0, 0, 0});
  EXPECT_FALSE(one.macro_roc_auc);
  EXPECT_EQ(one.macro_average_precision, 1);
}

TEST(ThinCurve, KeepsTheEndsAndStaysNear) {
  std::vector<double> x, y;
  for (int i = 0; i <= 5000; ++i) {
    x.push_back(i / 5000.0);
    y.push_back(1 - std::exp(-20 * x.back()));
  }
  const std::vector<std::size_t> kept = thin_curve(x, y, 60);
  EXPECT_LE(kept.size(), 60u);
  EXPECT_EQ(kept.front(), 0u);
  EXPECT_EQ(kept.back(), 5000u);
  for (std::size_t k = 0; k + 1 < kept.size(); ++k) {
    for (std::size_t i = kept[k]; i < kept[k + 1]; ++i) {
      const double t = (x[i] - x[kept[k]]) / (x[kept[k + 1]] - x[kept[k]]);
      EXPECT_NEAR(y[i], y[kept[k]] + t * (y[kept[k + 1]] - y[kept[k]]), 0.01);
    }
  }
}

TEST(ThinCurve, LeavesOutWhatLiesOnALine) {
  const std::vector<double> x = {0, 0, 0, 0.5, 1, 1};
  const std::vector<double> y = {0, 0.5, 1, 1, 1, 1};
  EXPECT_EQ(thin_curve(x, y, 100), (std::vector<std::size_t>{0, 2, 5}));
  EXPECT_EQ(thin_curve(x, y, 2), (std::vector<std::size_t>{0, 5}));
  EXPECT_EQ(thin_curve({}, {}, 5), std::vector<std::size_t>());
  const std::vector<double> same(4, 0.5);  // every point on every other
  EXPECT_EQ(thin_curve(same, same, 3), (std::vector<std::size_t>{0, 3}));
}

TEST(OneVsRestCurves, KeepAtMostThePointsAskedFor) {
  Random random(5);
  Probabilities rows(600, 2);
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i][0] = static_cast<float>(random.uniform());
    rows[i][1] = 1 - rows[i][0];
    labels.push_back(random.uniform() < static_cast<double>(rows[i][1]) ? 1 : 0);
  }
  const Curves curves = one_vs_rest_curves(rows, labels, 30);
  for (const ClassCurves& one : curves.classes) {
    EXPECT_EQ(one.roc.true_positive_rate.size(), 30u);
    EXPECT_EQ(one.precision_recall.recall.size(), 30u);
    EXPECT_EQ(one.roc.false_positive_rate.back(), 1);
    EXPECT_EQ(one.precision_recall.recall.back(), 1);
  }
}

}  // namespace
}  // namespace thimble
