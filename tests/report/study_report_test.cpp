#include "report/study_report.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/recipe.hpp"
#include "report/made_study.hpp"

namespace thimble::report {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using thimble::testing::made_study;
using tuning::Trial;

const Section& section_of(const Report& report, const std::string& id) {
  for (const Section& section : report.sections) {
    if (section.id == id) return section;
  }
  throw std::runtime_error("no section " + id);
}

template <class Kind>
const Kind& block_of(const Section& section) {
  for (const Block& block : section.blocks) {
    if (const auto* found = std::get_if<Kind>(&block)) return *found;
  }
  throw std::runtime_error("no such block in " + section.id);
}

const Series& series_of(const Chart& chart, const std::string& name) {
  for (const Series& series : chart.series) {
    if (series.name == name) return series;
  }
  throw std::runtime_error("no series " + name);
}

std::string value_of(const Section& section, const std::string& label) {
  for (const Fact& fact : block_of<Facts>(section).facts) {
    if (fact.label == label) return fact.value;
  }
  return "";
}

std::vector<std::string> ids_of(const Report& report) {
  std::vector<std::string> ids;
  for (const Section& section : report.sections) {
    ids.push_back(section.id);
    EXPECT_THAT(section.finding, EndsWith(".")) << section.id;
  }
  return ids;
}

TEST(StudyReport, SaysEverythingOfAStudy) {
  tuning::Study study = made_study(60);
  study.refit = tuning::Refit{.trial = 3,
                              .model = "winner/model.safetensors",
                              .pictures = 60000,
                              .seconds = 70,
                              .test_accuracy = 0.9012,
                              .test_accuracy_low = 0.895,
                              .test_accuracy_high = 0.907};
  const Report report = study_report(study, "thimble tune --recipe little");
  EXPECT_THAT(ids_of(report),
              ElementsAre("summary", "winner", "course", "curves", "importance-of-settings",
                          "trials-by-settings", "slices", "trials"));
  EXPECT_EQ(report.title, "little tuned on fashion-mnist");
  EXPECT_EQ(value_of(report.sections[0], "Test accuracy"), "90.12 %");
  EXPECT_EQ(value_of(report.sections[0], "Trials"), "60");
  EXPECT_EQ(value_of(report.sections[0], "As it was"), "84.50 %");
  EXPECT_THAT(report.sections[0].finding, HasSubstr("better than the recipe as it was (84.50 %)"));
  EXPECT_THAT(report.notes, Contains(HasSubstr("Hyperband")));
  EXPECT_THAT(report.notes, Contains(HasSubstr("thimble tune --recipe little")));
  EXPECT_NO_THROW(to_json(report));
}

TEST(StudyReport, TheWinnersRecipeIsReadyToUse) {
  const tuning::Study study = made_study(30);
  const Report report = study_report(study, "");
  const Section& section = section_of(report, "winner");
  const Code& code = block_of<Code>(section);
  EXPECT_EQ(code.file_name, "winner.toml");
  const Recipe recipe = parse_recipe(code.text, "winner.toml", "winner");
  const Trial& best = *tuning::winner(study);
  EXPECT_EQ(recipe.settings.at("optimizer").at("learning_rate"),
            best.settings.at("optimizer.learning_rate"));
  const Table& changes = block_of<Table>(section);
  EXPECT_THAT(changes.rows, Contains(Contains(Cell(std::string("optimizer.learning_rate")))));
  EXPECT_THAT(section.finding, StartsWith(fmt::format("The winner, trial {},", best.number)));
}

TEST(StudyReport, ABaselineThatIsBestIsSaid) {
  tuning::Study study = made_study(20);
  study.baseline->value = 0.99;
  const Report report = study_report(study, "");
  EXPECT_THAT(report.sections[0].finding, HasSubstr("None of 20 trials was better"));
  EXPECT_THAT(section_of(report, "winner").finding, HasSubstr("as it was is the best"));
  const Chart& all = block_of<Chart>(section_of(report, "trials-by-settings"));
  EXPECT_FALSE(all.parallel->marked);
  EXPECT_NO_THROW(to_json(report));
}

TEST(StudyReport, TheBestSoFarNeverFalls) {
  const Report report = study_report(made_study(60), "");
  const Chart& chart = block_of<Chart>(section_of(report, "course"));
  const Series& best = series_of(chart, "Best so far");
  EXPECT_TRUE(std::is_sorted(best.y.begin(), best.y.end()));
  EXPECT_EQ(best.x.back(), 60);
  EXPECT_THAT(chart.references, SizeIs(1));
  EXPECT_EQ(chart.references[0].at, 84.5);
}

TEST(StudyReport, VeryPoorTrialsDoNotSqueezeTheOthers) {
  tuning::Study study = made_study(40);
  study.trials[4].curve = {0.1};
  study.trials[4].value = 0.1;
  const Report report = study_report(study, "");
  const Section& section = section_of(report, "course");
  EXPECT_GT(block_of<Chart>(section).y.min.value_or(0), 30);
  EXPECT_THAT(block_of<Paragraph>(section).text, StartsWith("Not on the chart: "));
}

TEST(StudyReport, CurvesEndWhereTrialsWereStopped) {
  const tuning::Study study = made_study(30);
  const Chart chart = block_of<Chart>(section_of(study_report(study, ""), "curves"));
  const Series& stops = series_of(chart, "Stopped there");
  std::size_t stopped = 0;
  for (const Trial& trial : study.trials) stopped += trial.state == Trial::State::stopped ? 1 : 0;
  EXPECT_EQ(stops.y.size(), stopped);
  EXPECT_EQ(series_of(chart, "Trials").style, Series::Style::faint);
  EXPECT_EQ(chart.x.max, 9);
}

TEST(StudyReport, LinesOfAllTrialsKnowWhatIsNotInForce) {
  const tuning::Study study = made_study(40);
  const Report report = study_report(study, "");
  const Chart& chart = block_of<Chart>(section_of(report, "trials-by-settings"));
  const ParallelLines& lines = *chart.parallel;
  ASSERT_THAT(lines.axes, SizeIs(5));
  ASSERT_THAT(lines.lines, SizeIs(40));
  EXPECT_EQ(lines.axes[3].axis.title, "learning_rate") << "the most important is the last setting";
  std::size_t momentum = 0;
  while (lines.axes[momentum].axis.title != "momentum") ++momentum;
  std::size_t absent = 0;
  std::size_t failed = 0;
  for (const ParallelLines::Line& line : lines.lines) {
    absent += std::isnan(line.values[momentum]) ? 1 : 0;
    failed += std::isnan(line.values.back()) ? 1 : 0;
    EXPECT_EQ(std::isnan(line.shade), std::isnan(line.values.back()));
  }
  EXPECT_GT(absent, 5u);
  EXPECT_EQ(failed, 2u);
  EXPECT_EQ(lines.marked, 39u);
  EXPECT_EQ(lines.lines.back().shade, 1);
}

TEST(StudyReport, SaysWhichSettingMattered) {
  const Report report = study_report(made_study(80), "");
  const Section& section = section_of(report, "importance-of-settings");
  EXPECT_THAT(section.finding, StartsWith("learning_rate mattered most"));
  const Chart& chart = block_of<Chart>(section);
  EXPECT_EQ(chart.y.categories.front(), "learning_rate");
  EXPECT_THAT(chart.series.front().y, SizeIs(4));
}

TEST(StudyReport, ByLossSmallerIsBetter) {
  tuning::Study study = made_study(30);
  study.plan.metric = "loss";
  for (Trial& trial : study.trials) {
    for (double& value : trial.curve) value = -3 * (1 - value);
    if (!trial.curve.empty()) trial.value = trial.curve.back();
  }
  study.baseline.reset();
  const Report report = study_report(study, "");
  const Series& best = series_of(block_of<Chart>(section_of(report, "course")), "Best so far");
  EXPECT_TRUE(std::is_sorted(best.y.rbegin(), best.y.rend()));
  EXPECT_GT(best.y.back(), 0);
  EXPECT_THAT(report.sections[0].finding, Not(HasSubstr("%")));
  const Table& trials = block_of<Table>(section_of(report, "trials"));
  EXPECT_THAT(trials.columns, SizeIs(10));
  EXPECT_NO_THROW(to_json(report));
}

TEST(StudyReport, OfWhatThereIs) {
  tuning::Study study = made_study(1);
  EXPECT_THAT(ids_of(study_report(study, "")), Contains("trials"));
  study.trials.clear();
  EXPECT_THAT(ids_of(study_report(study, "")), ElementsAre("summary", "winner"));
  study.baseline.reset();
  EXPECT_THAT(ids_of(study_report(study, "")), ElementsAre("summary"));

  // All trials failed.
  study = made_study(3);
  study.baseline.reset();
  for (Trial& trial : study.trials) {
    trial.state = Trial::State::failed;
    trial.reason = "no memory.";
    trial.curve.clear();
  }
  const Report report = study_report(study, "");
  EXPECT_THAT(ids_of(report), ElementsAre("summary", "course", "trials"));
  EXPECT_EQ(section_of(report, "trials").finding, "3 trials failed; trial 1: no memory.");
  EXPECT_NO_THROW(to_json(report));
}

}  // namespace
}  // namespace thimble::report
