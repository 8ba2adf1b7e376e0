#include "serve/api/classify_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.hpp"
#include "serve/api/request_error.hpp"

namespace thimble::serve {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kPng = "\x89PNG\r\n\x1A\nrest";

std::string base64(const std::string& bytes) {
  return base64_encode(std::as_bytes(std::span(bytes)));
}

HttpRequest request(const std::string& type, const std::string& body,
                    const std::string& query = "") {
  HttpRequest made;
  made.method = "POST";
  made.path = "/v1/classify";
  made.query = query;
  if (!type.empty()) made.headers.emplace_back("content-type", type);
  made.body = body;
  return made;
}

ClassifyRequest parse(HttpRequest made) { return parse_classify_request(made, 2); }

ClassifyRequest json(const std::string& body, const std::string& query = "") {
  return parse(request("application/json; charset=utf-8", body, query));
}

/// "413 more than 2 pictures".
std::string refusal(HttpRequest made) {
  try {
    parse(std::move(made));
  } catch (const RequestError& error) {
    return std::to_string(error.status()) + " " + error.what();
  }
  return "taken";
}

std::string json_refusal(const std::string& body) {
  return refusal(request("application/json", body));
}

TEST(ClassifyRequest, TakesAPictureAsItIs) {
  for (const char* type : {"", "image/png", "image/gif", "application/octet-stream",
                           "application/x-www-form-urlencoded"}) {
    const ClassifyRequest parsed = parse(request(type, kPng));
    ASSERT_EQ(parsed.job.pictures.size(), 1u);
    EXPECT_EQ(parsed.job.pictures[0].bytes, kPng);
    EXPECT_EQ(parsed.job.pictures[0].name, "picture");
    EXPECT_EQ(parsed.job.model, "");
    EXPECT_EQ(parsed.top, 3u);
    EXPECT_FALSE(parsed.job.seen);
  }
  EXPECT_EQ(refusal(request("image/gif", "GIF89a")), "taken");  // refused where it is decoded
}

TEST(ClassifyRequest, RefusesOtherBodies) {
  EXPECT_THAT(refusal(request("text/plain", "hello")),
              AllOf(HasSubstr("415"), HasSubstr("Content-Type is text/plain, expected image/png")));
  EXPECT_THAT(refusal(request("", "")), HasSubstr("400 The body is empty"));
  HttpRequest compressed = request("image/png", kPng);
  compressed.headers.emplace_back("content-encoding", "gzip");
  EXPECT_THAT(refusal(compressed), HasSubstr("415 Content-Encoding is gzip"));
}

TEST(ClassifyRequest, ReadsTheQuery) {
  const ClassifyRequest parsed = parse(request("", kPng, "top=5&seen=true&model=my%20cnn+2&"));
  EXPECT_EQ(parsed.top, 5u);
  EXPECT_TRUE(parsed.job.seen);
  EXPECT_EQ(parsed.job.model, "my cnn 2");
  const auto query_refusal = [](const std::string& query) {
    return refusal(request("", kPng, query));
  };
  EXPECT_THAT(query_refusal("top=0"),
              HasSubstr("400 query parameter 'top' is '0', expected a whole"));
  EXPECT_THAT(query_refusal("top=3x"), HasSubstr("'3x'"));
  EXPECT_THAT(query_refusal("top=99999999999999999999999"), HasSubstr("whole number"));
  EXPECT_THAT(query_refusal("seen=yes"), HasSubstr("expected true or false"));
  EXPECT_THAT(query_refusal("seen"), HasSubstr("is ''"));
  EXPECT_THAT(query_refusal("modle=x"), HasSubstr("did you mean 'model'?"));
  EXPECT_THAT(query_refusal("top=1&top=2"), HasSubstr("'top' is there twice"));
  EXPECT_THAT(query_refusal("model=%zz"), HasSubstr("hexadecimal"));
}

TEST(ClassifyRequest, ReadsAForm) {
  const std::string body =
      "--X\r\nContent-Disposition: form-data; name=top\r\n\r\n7\r\n"
      "--X\r\nContent-Disposition: form-data; name=a; filename=\"a\x01\xE9.png\"\r\n\r\nA\r\n"
      "--X\r\nContent-Disposition: form-data; name=b; filename=\"\"\r\n\r\nB\r\n"
      "--X\r\nContent-Disposition: form-data; name=b; filename=\"\"\r\n\r\n\r\n--X--";
  const std::string type = "multipart/form-data; boundary=X";
  const ClassifyRequest parsed = parse(request(type, body));
  ASSERT_EQ(parsed.job.pictures.size(), 2u);
  EXPECT_EQ(parsed.top, 7u);
  EXPECT_EQ(parsed.job.pictures[0].name, "a \xEF\xBF\xBD.png");
  EXPECT_EQ(parsed.job.pictures[1].name, "picture 2");
  EXPECT_EQ(parsed.job.pictures[1].bytes, "B");
  EXPECT_EQ(parse(request(type, body, "top=1")).top, 1u);

  const auto field = [&](const std::string& disposition) {
    return refusal(request(
        type, "--X\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\nx\r\n--X--"));
  };
  EXPECT_THAT(field("name=picture"), HasSubstr("has no file name"));
  EXPECT_THAT(field("name=tip"), HasSubstr("unknown form field 'tip'; did you mean 'top'?"));
  EXPECT_THAT(field("name=top"), HasSubstr("form field 'top' is 'x'"));
  EXPECT_THAT(field("name=model"), HasSubstr("400 The request has no picture"));
}

TEST(ClassifyRequest, ReadsJson) {
  const ClassifyRequest parsed =
      json(R"({"pictures": [{"name": "shoe.jpg", "data": ")" + base64("one") +
           R"("}, {"data": "data:image/png;base64,)" + base64("two") +
           R"("}], "model": "cnn", "top": 1, "seen": true})");
  ASSERT_EQ(parsed.job.pictures.size(), 2u);
  EXPECT_EQ(parsed.job.pictures[0].name, "shoe.jpg");
  EXPECT_EQ(parsed.job.pictures[0].bytes, "one");
  EXPECT_EQ(parsed.job.pictures[1].name, "picture 2");
  EXPECT_EQ(parsed.job.pictures[1].bytes, "two");
  EXPECT_EQ(parsed.job.model, "cnn");
  EXPECT_EQ(parsed.top, 1u);
  EXPECT_TRUE(parsed.job.seen);
  EXPECT_FALSE(json(R"({"pictures": [{"data": ""}], "seen": true})", "seen=false").job.seen);
}

TEST(ClassifyRequest, SaysWhatIsWrongWithJson) {
  const auto pictures = [](const std::string& list) {
    return json_refusal(R"({"pictures": )" + list + "}");
  };
  EXPECT_THAT(json_refusal(""), HasSubstr("400 parse error at line 1, column 1"));
  EXPECT_THAT(json_refusal(R"({"pictures": [)"), HasSubstr("parse error"));
  EXPECT_THAT(json_refusal("{}x"), AllOf(HasSubstr("400"), Not(HasSubstr("exception"))));
  EXPECT_THAT(json_refusal("{}"), HasSubstr("no member 'pictures'"));
  EXPECT_THAT(json_refusal("[]"), HasSubstr("the body is an array, expected an object"));
  EXPECT_THAT(json_refusal("17"), HasSubstr("the body is 17"));
  EXPECT_THAT(json_refusal(R"({"picture": []})"), HasSubstr("did you mean 'pictures'?"));
  EXPECT_THAT(json_refusal(R"({"top": 1, "top": 1})"), HasSubstr("'top' is there twice"));
  EXPECT_THAT(json_refusal(R"({"top": -1})"), HasSubstr("'top' is -1, expected a whole number"));
  EXPECT_THAT(json_refusal(R"({"top": 1.5})"), HasSubstr("'top' is 1.5"));
  EXPECT_THAT(json_refusal(R"({"top": "1"})"), HasSubstr("'top' is a string"));
  EXPECT_THAT(json_refusal(R"({"model": null})"), HasSubstr("'model' is null, expected a string"));
  EXPECT_THAT(json_refusal(R"({"seen": 1})"), HasSubstr("expected true or false"));
  EXPECT_THAT(json_refusal(R"({"model": {}})"), HasSubstr("'model' is an object"));
  EXPECT_THAT(pictures("[]"), HasSubstr("'pictures' is empty"));
  EXPECT_THAT(pictures(R"(["x"])"), HasSubstr("pictures[0] is a string, expected an object"));
  EXPECT_THAT(pictures("[[[[[["), HasSubstr("pictures[0] is an array"));
  EXPECT_THAT(pictures("[{}]"), HasSubstr("pictures[0]: no member 'data'"));
  EXPECT_THAT(pictures(R"([{"data": 1}])"), HasSubstr("pictures[0].data is 1"));
  EXPECT_THAT(pictures(R"([{"data": "", "data": ""}])"),
              HasSubstr("pictures[0].data is there twice"));
  EXPECT_THAT(pictures(R"([{"dota": ""}])"), HasSubstr("did you mean 'data'?"));
  EXPECT_THAT(pictures(R"([{"data": "a*=="}])"),
              HasSubstr("pictures[0].data: not base64: character 2"));
  EXPECT_THAT(pictures(R"([{"data": "data:image/png,x"}])"), HasSubstr(";base64,"));
  EXPECT_THAT(pictures(R"([{"data": ""}, {"data": ""}, {"data": ""}])"),
              HasSubstr("413 more than 2 pictures"));
}

TEST(ClassifyRequest, MessagesDoNotRepeatTheBody) {
  const std::string body = R"({"pictures": [{"data": ")" + std::string(100'000, 'A');
  EXPECT_LT(json_refusal(body).size(), 500u);
}

TEST(ClassifyForm, BringsItsTokenAndAlwaysShowsWhatWasSeen) {
  HttpRequest made = request(
      "multipart/form-data; boundary=X",
      "--X\r\nContent-Disposition: form-data; name=token\r\n\r\nsecret\r\n"
      "--X\r\nContent-Disposition: form-data; name=pictures; filename=\"a.png\"\r\n\r\nA\r\n--X--");
  const ClassifyForm form = parse_classify_form(made, 2);
  EXPECT_EQ(form.token, "secret");
  EXPECT_TRUE(form.request.job.seen);
  EXPECT_EQ(form.request.job.pictures[0].name, "a.png");
}

}  // namespace
}  // namespace thimble::serve
