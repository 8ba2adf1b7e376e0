#include "base/base64.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::HasSubstr;

std::string encode(std::string_view text) { return base64_encode(std::as_bytes(std::span(text))); }

std::string refusal(const std::string& text) {
  return message_of<DataError>([&] { base64_decode(text); });
}

TEST(Base64, GivesTheExamplesOfTheStandard) {
  const std::pair<const char*, const char*> examples[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : examples) {
    EXPECT_EQ(encode(plain), coded);
    EXPECT_EQ(base64_decode(coded), plain);
  }
}

TEST(Base64, BytesComeBack) {
  Random random(1);
  for (std::size_t length = 0; length < 100; ++length) {
    std::string bytes(length, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.bits());
    EXPECT_EQ(base64_decode(encode(bytes)), bytes);
  }
}

TEST(Base64, SaysWhatIsWrong) {
  EXPECT_THAT(refusal("Zm9v*mFy"), HasSubstr("character 5 is '*'"));
  EXPECT_THAT(refusal("Zm9v\nYmFy"), HasSubstr("character 5 is the byte 0x0a"));
  EXPECT_THAT(refusal("Zm9v\nYmFy"), HasSubstr("base64 -w0"));
  EXPECT_THAT(refusal("Zm-_"), HasSubstr("alphabet for URLs"));
  EXPECT_THAT(refusal("Zm9vYg"), HasSubstr("6 characters, expected a multiple of 4"));
  EXPECT_THAT(refusal("Zm9vYh=="), HasSubstr("lowest bits"));
  EXPECT_THAT(refusal("Zg==Zg=="), HasSubstr("character 3 is '='"));
  for (const char* text : {"=", "==", "===", "====", "Z===", "Zm9v====", "Zm9v="}) {
    EXPECT_THROW(base64_decode(text), DataError) << text;
  }
}

}  // namespace
}  // namespace thimble
