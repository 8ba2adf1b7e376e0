#include "comparison/comparison_text.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "comparison/compared_models.hpp"
#include "comparison/findings.hpp"

namespace thimble {
namespace {

using ::testing::HasSubstr;

TEST(ComparisonText, ShowsTablesAndWhatTheySay) {
  const Comparison comparison = testing::two_data_sets();
  const std::string text = to_text(comparison);
  EXPECT_THAT(text, HasSubstr("hard: 3 models, trained on 1,000 pictures, judged by 100 others"));
  EXPECT_THAT(text, HasSubstr("good                95.00 %"));
  EXPECT_THAT(text, HasSubstr("good (98.00 %) and fair (97.00 %): p = 1"));
  EXPECT_THAT(text, HasSubstr("All 3 differences between two models are real."));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

TEST(ComparisonText, QuickSaysSo) {
  Comparison comparison = testing::two_data_sets();
  EXPECT_THAT(to_text(comparison), ::testing::Not(HasSubstr("Quick")));
  comparison.quick = true;
  EXPECT_THAT(to_text(comparison), HasSubstr("Quick: trained on at most 10,000"));
  EXPECT_THAT(to_markdown(comparison, "c"), HasSubstr("(quick)"));
}

TEST(ComparisonText, MarkdownNamesTheCommand) {
  const std::string text = to_markdown(testing::two_data_sets(), "thimble compare");
  EXPECT_THAT(text, HasSubstr("| `good` | 95.00 % | 88.82 to 97.85 | 0.9499 | 1.5 s |"));
  EXPECT_THAT(text, HasSubstr("Reproduced by `thimble compare`."));
}

TEST(Findings, JudgeTheLead) {
  const Comparison comparison = testing::two_data_sets();
  EXPECT_THAT(finding_on_best(comparison.data[0]), HasSubstr("that lead is real (p < 0.001)"));
  EXPECT_THAT(finding_on_best(comparison.data[1]), HasSubstr("over fair may be luck (p = 1)"));
  EXPECT_EQ(finding_on_differences(comparison.data[1]),
            "2 of 3 differences between two models are real; these may be luck: good and fair.");
}

TEST(Findings, SayWhatTimeAndSizeBuy) {
  const Comparison comparison = testing::two_data_sets();
  // All names are of four letters, and so the files of one size.
  EXPECT_THAT(finding_on_size(comparison.data[1]), HasSubstr("good is the best"));
  EXPECT_THAT(finding_on_time(comparison.data[1]), HasSubstr("good is the best"));
  EXPECT_THAT(finding_on_classes(comparison.data[0]), HasSubstr("is the hardest class"));
}

TEST(Findings, GiveTimesInFewDigits) {
  EXPECT_EQ(time_text(0.000123), "0.12 ms");
  EXPECT_EQ(time_text(0.0451), "45 ms");
  EXPECT_EQ(time_text(0.451), "0.45 s");
  EXPECT_EQ(time_text(80), "1 min 20 s");
}

}  // namespace
}  // namespace thimble
