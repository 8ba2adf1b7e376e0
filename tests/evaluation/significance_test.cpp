#include "evaluation/significance.hpp"

#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace thimble {
namespace {

const nlohmann::json& reference() {
  static const nlohmann::json json =
      nlohmann::json::parse(std::ifstream(THIMBLE_TEST_DATA "/significance_reference.json"));
  return json;
}

PairedCounts counts_of(const nlohmann::json& table) {
  const auto& counts = table.at("counts");
  return {counts.at(0), counts.at(1), counts.at(2), counts.at(3)};
}

TEST(PairedCounts, CountsWhoIsRight) {
  const std::vector<std::int32_t> labels{0, 1, 2, 1, 0};
  const std::vector<std::int32_t> first{0, 1, 1, 2, 0};
  const std::vector<std::int32_t> second{0, 2, 2, 2, 1};
  EXPECT_EQ(paired_counts(first, second, labels), (PairedCounts{1, 2, 1, 1}));
  EXPECT_EQ(paired_counts({}, {}, {}).samples(), 0u);
  EXPECT_THROW(paired_counts(first, second, std::span(labels).first(4)), ShapeError);
}

TEST(McNemar, AgreesWithSciPy) {
  for (const auto& table : reference().at("tables")) {
    const double expected = table.at("p");
    EXPECT_NEAR(mcnemar_test(counts_of(table)), expected, 1e-12 * expected) << table;
  }
}

TEST(McNemar, DoesNotDependOnTheOrder) {
  EXPECT_EQ(mcnemar_test({10, 3, 9, 2}), mcnemar_test({10, 9, 3, 2}));
  EXPECT_EQ(mcnemar_test({10, 30, 90, 2}), mcnemar_test({10, 90, 30, 2}));
  EXPECT_EQ(mcnemar_test({}), 1);
}

TEST(Holm, AgreesWithItsDefinition) {
  for (const auto& family : reference().at("holm")) {
    const auto adjusted = holm_adjusted(family.at("p").get<std::vector<double>>());
    ASSERT_EQ(adjusted.size(), family.at("adjusted").size());
    for (std::size_t i = 0; i < adjusted.size(); ++i) {
      EXPECT_DOUBLE_EQ(adjusted[i], family.at("adjusted")[i].get<double>());
    }
  }
  EXPECT_TRUE(holm_adjusted({}).empty());
}

TEST(AccuracyDifference, AgreesWithNewcombesFormula) {
  for (const auto& table : reference().at("tables")) {
    const Interval interval = accuracy_difference_interval(counts_of(table));
    EXPECT_NEAR(interval.low, table.at("interval")[0].get<double>(), 1e-12) << table;
    EXPECT_NEAR(interval.high, table.at("interval")[1].get<double>(), 1e-12) << table;
  }
  EXPECT_EQ(accuracy_difference_interval({}), (Interval{-1, 1}));
}

// From table III of the paper.
TEST(AccuracyDifference, AgreesWithThePaper) {
  const Interval interval = accuracy_difference_interval({36, 12, 2, 0});
  EXPECT_NEAR(interval.low, 0.0569, 5e-5);
  EXPECT_NEAR(interval.high, 0.3404, 5e-5);
}

}  // namespace
}  // namespace thimble
