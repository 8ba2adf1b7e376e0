#include "serve/api/static_files.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace thimble::serve {
namespace {

HttpRequest asked(const std::string& name, const std::string& value) {
  HttpRequest request;
  request.headers.emplace_back(name, value);
  return request;
}

std::string header(const HttpResponse& response, const std::string& name) {
  const auto found =
      std::ranges::find(response.headers, name, &std::pair<std::string, std::string>::first);
  return found == response.headers.end() ? "" : found->second;
}

TEST(AcceptsGzip, ReadsTheHeader) {
  for (const char* value : {"gzip", "deflate, GZIP;q=0.5", "br , gzip ; q=1.0"}) {
    EXPECT_TRUE(accepts_gzip(value)) << value;
  }
  for (const char* value : {"", "identity", "x-gzip", "gzip;q=0", "gzip; q=0.000"}) {
    EXPECT_FALSE(accepts_gzip(value)) << value;
  }
}

TEST(StaticFile, IsSentOnceInTheFormThatTheClientTakes) {
  const StaticFile file("app.js", std::string(10'000, 'x'), "no-cache");
  const HttpResponse plain = file.answer({});
  EXPECT_EQ(plain.content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(plain.body.size(), 10'000u);
  EXPECT_EQ(header(plain, "Cache-Control"), "no-cache");
  EXPECT_EQ(header(plain, "Vary"), "Accept-Encoding");

  const HttpResponse compressed = file.answer(asked("accept-encoding", "gzip, br"));
  EXPECT_EQ(header(compressed, "Content-Encoding"), "gzip");
  EXPECT_LT(compressed.body.size(), 200u);
  EXPECT_TRUE(compressed.body.starts_with("\x1F\x8B"));
  EXPECT_NE(header(compressed, "ETag"), header(plain, "ETag"));

  const std::string tag = header(plain, "ETag");
  for (const std::string& value : {tag, "\"other\", W/" + tag, std::string("*")}) {
    const HttpResponse unchanged = file.answer(asked("if-none-match", value));
    EXPECT_EQ(unchanged.status, 304);
    EXPECT_EQ(unchanged.body, "");
    EXPECT_EQ(header(unchanged, "ETag"), tag);
  }
  EXPECT_EQ(file.answer(asked("if-none-match", "\"other\"")).status, 200);
}

TEST(StaticFile, LeavesWhatDoesNotShrink) {
  const StaticFile file("a.png", "\x89PNG", "no-cache");
  EXPECT_EQ(header(file.answer(asked("accept-encoding", "gzip")), "Content-Encoding"), "");
}

}  // namespace
}  // namespace thimble::serve
