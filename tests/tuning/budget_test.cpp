#include "tuning/budget.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "temporary_folder.hpp"

namespace thimble::tuning {
namespace {

using testing::HasSubstr;

TEST(Budget, IsTimeOrTrials) {
  EXPECT_EQ(parse_budget("90s").seconds, 90.0);
  EXPECT_EQ(parse_budget("30m").seconds, 1800.0);
  EXPECT_EQ(parse_budget(" 1.5 h ").seconds, 5400.0);
  EXPECT_EQ(parse_budget("2min").seconds, 120.0);
  EXPECT_FALSE(parse_budget("2min").trials);
  EXPECT_EQ(parse_budget("40trials").trials, 40);
  EXPECT_EQ(parse_budget("1 trial").trials, 1);
  EXPECT_FALSE(parse_budget("40trials").seconds);
  EXPECT_EQ(to_text(parse_budget("30m")), "30 min 00 s");
  EXPECT_EQ(to_text(parse_budget("40trials")), "40 trials");
}

TEST(Budget, SaysWhatIsWrong) {
  const auto message = [](const char* text) {
    return message_of<UsageError>([&] { (void)parse_budget(text); });
  };
  EXPECT_EQ(message("30"), "budget '30': no unit; did you mean 30m or 30trials?");
  EXPECT_THAT(message("30d"), HasSubstr("unknown unit 'd'; expected a time such as 90s, 30m"));
  EXPECT_THAT(message("1.5trials"), HasSubstr("whole number of trials"));
  EXPECT_THAT(message("0m"), HasSubstr("more than nothing"));
  EXPECT_THAT(message("0trials"), HasSubstr("from 1 to"));
  EXPECT_THAT(message("99999h"), HasSubstr("at most a year"));
  for (const char* text : {"", "m", "-5m", "1.2.3m", "trials", "1e3s"}) {
    EXPECT_THAT(message(text), HasSubstr("budget '")) << text;
  }
}

}  // namespace
}  // namespace thimble::tuning
