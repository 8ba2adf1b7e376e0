#include "base/escape.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace thimble {
namespace {

std::string json_string(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

TEST(ValidUtf8, KeepsWhatIsValidAndReplacesTheRest) {
  EXPECT_EQ(valid_utf8("Stra\xC3\x9F"
                       "e \xE2\x82\xAC \xF0\x9F\x91\x9F"),
            "Stra\xC3\x9F"
            "e \xE2\x82\xAC \xF0\x9F\x91\x9F");
  EXPECT_EQ(valid_utf8("a\xE9z"), "a\xEF\xBF\xBDz");                              // Latin-1
  EXPECT_EQ(valid_utf8("\xC0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // overlong
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // surrogate
  EXPECT_EQ(valid_utf8("\xF4\x90\x80\x80").size(), 12u);                          // too large
  EXPECT_EQ(valid_utf8("\xE2\x82"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // cut short
}

TEST(CsvField, IsQuotedOnlyWhereItHasTo) {
  EXPECT_EQ(csv_field("a b.png"), "a b.png");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("a \"b\"\n"), "\"a \"\"b\"\"\n\"");
}

TEST(JsonString, IsWhatAParserReadsBack) {
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    std::string text(round % 12, '\0');
    for (char& c : text) {
      const std::uint64_t bits = random.bits();
      c = static_cast<char>(bits & 1 ? bits >> 8 & 0x7F : bits >> 8);
    }
    EXPECT_EQ(nlohmann::json::parse(json_string(text)).get<std::string>(), valid_utf8(text));
  }
  EXPECT_EQ(json_string("a\"\\\n"), "\"a\\\"\\\\\\u000a\"");
}

TEST(HtmlEscaped, LeavesNoMarkup) {
  EXPECT_EQ(html_escaped("<a href=\"x\">&</a>"), "&lt;a href=&quot;x&quot;&gt;&amp;&lt;/a&gt;");
}

}  // namespace
}  // namespace thimble
