#include "report/comparison_report.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "comparison/compared_models.hpp"

namespace thimble::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Chart& chart_of(const Section& section) {
  for (const Block& block : section.blocks) {
    if (const auto* chart = std::get_if<Chart>(&block)) return *chart;
  }
  throw std::runtime_error("no chart in " + section.id);
}

const Section& section_of(const Report& report, const std::string& id) {
  for (const Section& section : report.sections) {
    if (section.id == id) return section;
  }
  throw std::runtime_error("no section " + id);
}

TEST(ComparisonReport, SaysEverythingOfEachDataSet) {
  const Report report = comparison_report(thimble::testing::two_data_sets(), "thimble compare");
  std::vector<std::string> ids;
  for (const Section& section : report.sections) {
    ids.push_back(section.id);
    EXPECT_THAT(section.finding, ::testing::EndsWith(".")) << section.id;
  }
  EXPECT_THAT(
      ids, ElementsAre("models-hard", "cost-hard", "differences-between-hard", "classes-hard",
                       "disagreement-hard", "models-easy", "cost-easy", "differences-between-easy",
                       "classes-easy", "disagreement-easy", "contrast"));
  EXPECT_EQ(report.title, "Models compared on hard and easy");
  EXPECT_GT(report.pictures.size(), 0u);
  EXPECT_NO_THROW(to_json(report));
}

TEST(ComparisonReport, LeavesDifferencesThatMayBeLuckEmpty) {
  const Report report = comparison_report(thimble::testing::two_data_sets(), "");
  const Chart& chart = chart_of(section_of(report, "differences-between-easy"));
  EXPECT_THAT(chart.x.categories, ElementsAre("good", "fair", "poor"));
  ASSERT_TRUE(chart.grid);
  EXPECT_TRUE(std::isnan(chart.grid->values[0 * 3 + 1]));
  EXPECT_DOUBLE_EQ(chart.grid->values[0 * 3 + 2], 28);
  EXPECT_DOUBLE_EQ(chart.grid->values[2 * 3 + 0], -28);
}

TEST(ComparisonReport, OneModelThatWasNotTrainedHere) {
  const Dataset data = thimble::testing::hundred_pictures();
  FinishedCell cell = thimble::testing::wrong_on("alone", data, 10);
  cell.result.training.reset();
  std::vector<FinishedCell> cells;
  cells.push_back(std::move(cell));
  Comparison comparison;
  comparison.quick = true;
  comparison.data.push_back(compare_models("hard", data, std::move(cells)));
  const Report report = comparison_report(comparison, "");
  EXPECT_THAT(report.title, HasSubstr("(quick)"));
  EXPECT_EQ(report.sections.size(), 3u);
  EXPECT_THAT(section_of(report, "cost-hard").finding, HasSubstr("was trained here"));
  EXPECT_NO_THROW(to_json(report));
}

}  // namespace
}  // namespace thimble::report
