#include "base/json_number.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporary_folder.hpp"

namespace thimble {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(JsonNumber, GivesWholeNumbersThatFit) {
  const json document = json::parse(R"({"most": 18446744073709551615, "less": -128, "byte": 255})");
  EXPECT_EQ(whole_number<std::uint64_t>(document, "most", "a.json"), 18446744073709551615u);
  EXPECT_EQ(whole_number<std::int8_t>(document, "less", "a.json"), -128);
  EXPECT_EQ(whole_number<std::uint8_t>(document, "byte", "a.json"), 255);
}

TEST(JsonNumber, RefusesWhatDoesNotFit) {
  const json document =
      json::parse(R"({"huge": 6.1866e+74, "part": 1.5, "text": "1", "less": -1, "more": 256})");
  for (const char* key : {"huge", "part", "text", "less", "more"}) {
    EXPECT_THAT(message_of<DataError>([&] { whole_number<std::uint8_t>(document, key, "a.json"); }),
                AllOf(HasSubstr("a.json"), HasSubstr(key), HasSubstr("from 0 to 255")));
  }
  EXPECT_THROW(whole_number<int>(document, "none", "a.json"), json::exception);
}

}  // namespace
}  // namespace thimble
