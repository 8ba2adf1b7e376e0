#include "serve/api/multipart.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "serve/api/request_error.hpp"
#include "temporary_folder.hpp"

namespace thimble::serve {
namespace {

using ::testing::HasSubstr;

const std::string kType = "multipart/form-data; boundary=XX";

std::vector<FormPart> parse(const std::string& body, const std::string& type = kType) {
  return parse_multipart(type, body, 4);
}

std::string refusal(const std::string& body, const std::string& type = kType) {
  return message_of<RequestError>([&] { parse(body, type); });
}

std::string part(const std::string& disposition, const std::string& content) {
  return "--XX\r\nContent-Disposition: " + disposition + "\r\n\r\n" + content + "\r\n";
}

TEST(Multipart, GivesFieldsAndFiles) {
  const std::string body = part("form-data; name=\"top\"", "3") +
                           part("form-data; name=picture; filename=\"a b.png\"", "\x89PNG\r\n--X") +
                           part("form-data; name=\"empty\"", "") + "--XX--\r\n";
  const auto parts = parse(body);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].name, "top");
  EXPECT_FALSE(parts[0].has_file_name);
  EXPECT_EQ(parts[0].content, "3");
  EXPECT_EQ(parts[1].name, "picture");
  EXPECT_EQ(parts[1].file_name, "a b.png");
  EXPECT_EQ(parts[1].content, "\x89PNG\r\n--X");
  EXPECT_EQ(parts[2].content, "");
}

TEST(Multipart, TakesWhatTheStandardsAllow) {
  const std::string body =
      "preamble\r\n--a:b \t\r\ncontent-disposition:form-data ; name=\"x\"\r\n"
      "Content-Type: image/png\r\n\r\n1\r\n--a:b--epilogue";
  const auto parts = parse(body, "Multipart/Form-Data; charset=utf-8; boundary=\"a:b\"");
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].content, "1");
  EXPECT_EQ(parse("--XX--").size(), 0u);
  // The line end behind the header may be the boundary's.
  const std::string empty = "--XX\r\nContent-Disposition: form-data; name=x\r\n\r\n--XX--";
  EXPECT_EQ(parse(empty)[0].content, "");
}

TEST(Multipart, ReadsFileNamesAsProgramsWriteThem) {
  const auto file_name = [](const std::string& parameter) {
    return parse(part("form-data; name=\"p\"; " + parameter, "") + "--XX--").at(0).file_name;
  };
  EXPECT_EQ(file_name("filename=\"say %22hi%22.png\""), "say \"hi\".png");    // browsers
  EXPECT_EQ(file_name("filename=\"say \\\"hi\\\".png\""), "say \"hi\".png");  // older curl
  EXPECT_EQ(file_name("filename=\"C:\\shoes\\a.png\""), "C:\\shoes\\a.png");
  EXPECT_EQ(file_name("filename=\"a;b.png\""), "a;b.png");
  EXPECT_EQ(file_name("filename*=utf-8''na%C3%AFve.png"), "na\xC3\xAFve.png");
}

TEST(Multipart, SaysWhatIsWrong) {
  const std::string good = part("form-data; name=\"x\"", "1");
  EXPECT_THAT(refusal(good, "multipart/form-data"), HasSubstr("names no boundary"));
  EXPECT_THAT(refusal(good, "multipart/form-data; boundary=\"\""), HasSubstr("0 characters"));
  EXPECT_THAT(refusal(good, "multipart/form-data; boundary=YY"), HasSubstr("not in the body"));
  EXPECT_THAT(refusal(""), HasSubstr("not in the body"));
  EXPECT_THAT(refusal(good), HasSubstr("part 1: no boundary follows"));
  EXPECT_THAT(refusal(good + "--XX"), HasSubstr("before the closing boundary"));
  EXPECT_THAT(refusal(good + "--XXtra\r\n"), HasSubstr("followed by other text"));
  EXPECT_THAT(refusal("--XX\r\n\r\n1\r\n--XX--"), HasSubstr("part 1: no Content-Disposition"));
  EXPECT_THAT(refusal(good + "--XX\r\nnonsense\r\n\r\n"),
              HasSubstr("part 2: a line of its header"));
  EXPECT_THAT(refusal(part("attachment; name=x", "")), HasSubstr("not form-data"));
  EXPECT_THAT(refusal(part("form-data; name=\"x", "")), HasSubstr("not form-data"));
  EXPECT_THAT(refusal("--XX\r\n" + std::string(5000, 'a')), HasSubstr("more than 4096 bytes"));
  EXPECT_THAT(refusal("--XX\r\nContent-Transfer-Encoding: base64\r\n\r\n"),
              HasSubstr("as they are"));
  EXPECT_THAT(refusal(good + good + good + good + good + "--XX--"), HasSubstr("more than 4 parts"));
}

TEST(Multipart, EveryPrefixAndMutationIsReadOrRefused) {
  const std::string body =
      part("form-data; name=\"top\"", "3") +
      part("form-data; name=\"p\"; filename*=UTF-8''%41; filename=\"b\"", "data") + "--XX--\r\n";
  const auto survives = [](const std::string& text) {
    try {
      for (const FormPart& found : parse(text)) {
        if (found.content.empty()) continue;
        EXPECT_GE(found.content.data(), text.data());
        EXPECT_LE(found.content.data() + found.content.size(), text.data() + text.size());
      }
    } catch (const RequestError&) {
    }
  };
  for (std::size_t length = 0; length <= body.size(); ++length) survives(body.substr(0, length));
  Random random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string mutated = body;
    for (int k = 0; k < 3; ++k) {
      mutated[random.bits() % mutated.size()] = "\r\n-X;=\"\\:%*"[random.bits() % 11];
    }
    survives(mutated);
  }
}

}  // namespace
}  // namespace thimble::serve
