#include "report/label_study_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thimble::report {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// `accuracies` of one way, and the gain over `scratch` unless that is the way.
LabelStudyCell cell_of(const std::vector<double>& accuracies, const std::vector<double>& scratch) {
  LabelStudyCell cell;
  cell.accuracies = accuracies;
  cell.accuracy = mean_interval(accuracies);
  cell.seconds = 2;
  if (accuracies == scratch) return cell;
  std::vector<double> gains;
  for (std::size_t i = 0; i < accuracies.size(); ++i) {
    gains.push_back(accuracies[i] - scratch[i]);
  }
  cell.gain = mean_interval(gains);
  return cell;
}

LabelStudy made_study() {
  LabelStudy study;
  study.data = "mnist";
  study.init = "cnn";
  study.init_name = "cnn";
  study.init_trained_on = "fashion-mnist";
  study.classes = {"0", "1"};
  study.test_samples = 10000;
  study.labels = {10, 100};
  study.seeds = {1, 2, 3};
  study.ways = {{"scratch", "From nothing", "Learned as the recipe says."},
                {"fine-tuned", "Fine-tuned", "All layers learn on."}};
  const std::vector<double> few = {0.70, 0.72, 0.71};
  const std::vector<double> many = {0.93, 0.94, 0.95};
  study.cells = {cell_of(few, few), cell_of({0.80, 0.81, 0.82}, few), cell_of(many, many),
                 cell_of({0.94, 0.92, 0.96}, many)};
  study.seconds = 24;
  study.notes = {"Frozen layers keep their statistics."};
  return study;
}

const Chart& chart_of(const Section& section) {
  for (const Block& block : section.blocks) {
    if (const auto* chart = std::get_if<Chart>(&block)) return *chart;
  }
  throw std::runtime_error("no chart in " + section.id);
}

TEST(LabelStudyReport, SaysEverything) {
  const Report report = label_study_report(made_study(), "thimble transfer");
  std::vector<std::string> ids;
  for (const Section& section : report.sections) {
    ids.push_back(section.id);
    EXPECT_THAT(section.finding, EndsWith(".")) << section.id;
  }
  EXPECT_THAT(ids, ElementsAre("summary", "accuracy", "gain", "figures", "method"));
  EXPECT_THAT(report.sections[0].finding,
              HasSubstr("With 10 labels a class fine-tuned is right on 81.00 %, 10.0 points more"));
  EXPECT_THAT(report.sections[2].finding, HasSubstr("Of 2 comparisons"));
  EXPECT_THAT(report.sections[2].finding, HasSubstr("1 is surely better, 0 surely worse"));
  EXPECT_NO_THROW(to_json(report));
}

TEST(LabelStudyReport, DrawsMeansAndTheirIntervals) {
  const Report report = label_study_report(made_study(), "");
  const Chart& accuracy = chart_of(report.sections[1]);
  EXPECT_THAT(accuracy.x.categories, ElementsAre("10", "100"));
  ASSERT_THAT(accuracy.series, SizeIs(2));
  EXPECT_DOUBLE_EQ(accuracy.series[0].y[0], 71);
  EXPECT_LT(accuracy.series[0].low[0], 71);
  const Chart& gain = chart_of(report.sections[2]);
  ASSERT_THAT(gain.series, SizeIs(1));
  EXPECT_DOUBLE_EQ(gain.series[0].y[0], 10);
  EXPECT_LT(gain.series[0].low[1], 0);
}

TEST(LabelStudyReport, OneSeedHasNoIntervals) {
  LabelStudy study = made_study();
  study.seeds = {1};
  study.cells.clear();
  for (const double scratch : {0.7, 0.9}) {
    study.cells.push_back(cell_of({scratch}, {scratch}));
    study.cells.push_back(cell_of({scratch - 0.1}, {scratch}));
  }
  const Report report = label_study_report(study, "");
  EXPECT_THAT(report.sections[0].finding, HasSubstr("no use of the trained network was better"));
  EXPECT_THAT(report.sections[2].finding, HasSubstr("One seed cannot say"));
  const nlohmann::json json = to_json(report);
  EXPECT_TRUE(json.at("sections")[1].at("blocks")[0].at("series")[0].at("low")[0].is_null());
}

}  // namespace
}  // namespace thimble::report
