#include "report/exploration_report.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/synthetic.hpp"
#include "report/report_text.hpp"
#include "report/words.hpp"

namespace thimble::report {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Report report_of(const DatasetSplits& splits, const ExploreOptions& options = {}) {
  Progress progress;
  return exploration_report(splits, explore(splits, options, progress));
}

std::string finding(const Report& report, const std::string& id) {
  for (const Section& section : report.sections) {
    if (section.id == id) return section.finding;
  }
  return "";
}

/// What must hold of any report: findings are sentences, the JSON is sound.
void expect_sound(const Report& report) {
  for (const Section& section : report.sections) {
    EXPECT_THAT(section.finding, Not(IsEmpty())) << section.id;
    EXPECT_EQ(section.finding.back(), '.') << section.finding;
    EXPECT_THAT(section.finding, Not(HasSubstr("nan"))) << section.id;
  }
  EXPECT_NO_THROW(to_json(report));
}

TEST(ExplorationReport, TellsOfTestSetCopiesAndMap) {
  DatasetSplits splits = make_synthetic({.train = 60, .test = 20});
  const auto copied = splits.train.images[7];
  std::copy(copied.begin(), copied.end(), splits.test->images[3].begin());
  splits.test->labels[3] = (splits.train.labels[7] + 1) % 10;
  splits.test->provenance.fingerprint = fingerprint(*splits.test);
  const Report report = report_of(splits);
  expect_sound(report);
  EXPECT_EQ(finding(report, "overview"),
            "80 grey pictures of 28 x 28 pixels in 10 classes, 60 for training and 20 for "
            "testing.");
  EXPECT_THAT(finding(report, "duplicates"),
              HasSubstr("one test picture is in the training set too"));
  EXPECT_THAT(finding(report, "counts"), HasSubstr("same number of training pictures, 6"));
  EXPECT_FALSE(finding(report, "map").empty());
  EXPECT_THAT(to_text(report), AllOf(HasSubstr("T-shirt/top"), HasSubstr("Hardest to tell")));
}

TEST(ExplorationReport, TakesColourOneSplitAndEmptyClasses) {
  DatasetSplits splits = make_synthetic({.train = 40, .test = 0, .shape = {12, 10, 3}});
  for (std::int32_t& label : splits.train.labels) label = label % 2;
  splits.train.classes.resize(2);
  splits.train.classes.push_back("Nothing yet");
  splits.train.provenance.fingerprint = fingerprint(splits.train);
  const Report report = report_of(splits);
  expect_sound(report);
  EXPECT_THAT(finding(report, "overview"), HasSubstr("no test set"));
  EXPECT_THAT(finding(report, "counts"), HasSubstr("Nothing yet"));
}

TEST(ExplorationReport, TakesVeryFewPictures) {
  for (const std::size_t count : {1, 2, 4}) {
    const Report report = report_of(make_synthetic({.train = count, .test = 0}));
    EXPECT_THAT(finding(report, "map"), IsEmpty());
    expect_sound(report);
  }
}

TEST(ExplorationReport, ShowsSuspiciousLabels) {
  DatasetSplits splits = make_synthetic({.train = 200, .test = 0});
  splits.train.labels[5] = (splits.train.labels[5] + 4) % 10;
  ExploreOptions options;
  options.map = false;
  options.labels = true;
  options.label_audit.recipes = {
      {.name = "centroid", .family = "nearest-centroid", .description = "", .settings = {}}};
  const Report report = report_of(splits, options);
  expect_sound(report);
  EXPECT_THAT(finding(report, "labels"), HasSubstr("label"));
}

TEST(Words, AreThoseOfASentence) {
  EXPECT_EQ(percentage(0.9412), "94.1 %");
  EXPECT_EQ(percentage(0.99999), "more than 99.9 %");
  EXPECT_EQ(percentage(1), "100 %");
  EXPECT_EQ(counted(0, "picture", "pictures"), "no picture");
  EXPECT_EQ(counted(1, "picture", "pictures"), "1 picture");
  const std::vector<std::string> words = {"a", "b", "c", "d"};
  EXPECT_EQ(listed(words), "a, b, c and d");
  EXPECT_EQ(listed(words, 3), "a, b and 2 others");
}

}  // namespace
}  // namespace thimble::report
