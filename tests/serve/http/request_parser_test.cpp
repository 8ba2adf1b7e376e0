#include "serve/http/request_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "serve/http/request_target.hpp"

namespace thimble::serve {
namespace {

using Stage = RequestParser::Stage;

constexpr RequestLimits kLimits{200, 1000};

RequestParser parsed(std::string_view bytes, std::size_t piece = std::string_view::npos) {
  RequestParser parser(kLimits);
  for (std::size_t i = 0; i < bytes.size(); i += std::min(piece, bytes.size())) {
    parser.feed(bytes.substr(i, piece));
  }
  return parser;
}

int refused_with(std::string_view bytes) {
  RequestParser parser = parsed(bytes);
  RequestParser byte_by_byte = parsed(bytes, 1);
  const int status = parser.stage() == Stage::refused ? parser.refusal().response.status : 0;
  const int again =
      byte_by_byte.stage() == Stage::refused ? byte_by_byte.refusal().response.status : 0;
  EXPECT_EQ(status, again) << bytes;
  return status;
}

TEST(RequestParser, ReadsARequestInPiecesOfAnySize) {
  const std::string bytes =
      "POST /v1/classify?top=2&x=%20 HTTP/1.1\r\nHost: here\r\nX-Thing:  a value \r\n"
      "Content-Length: 5\r\n\r\nhello";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    RequestParser parser = parsed(bytes, piece);
    ASSERT_EQ(parser.stage(), Stage::complete) << piece;
    const HttpRequest& request = parser.request();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.path, "/v1/classify");
    EXPECT_EQ(request.query, "top=2&x=%20");
    EXPECT_EQ(request.header("x-thing"), "a value");
    EXPECT_EQ(request.header("absent"), "");
    EXPECT_EQ(request.body, "hello");
    EXPECT_TRUE(parser.keep_alive());
  }
}

TEST(RequestParser, ReadsChunksInPiecesOfAnySize) {
  const std::string bytes =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n1;name=\"value\"\r\nd\r\n0\r\nTrailer: x\r\n\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    RequestParser parser = parsed(bytes, piece);
    ASSERT_EQ(parser.stage(), Stage::complete) << piece;
    EXPECT_EQ(parser.request().body, "abcd");
    EXPECT_EQ(parser.request().header("trailer"), "");
  }
}

TEST(RequestParser, TakesNothingOfTheNextRequest) {
  const std::string first = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string chunked =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
  const std::string next = "GET /b HTTP/1.1\r\n";
  for (const std::string& request : {first, chunked, "\r\n" + first}) {
    EXPECT_EQ(RequestParser(kLimits).feed(request + next), request.size());
    RequestParser parser = parsed(request.substr(0, request.size() - 1), 1);
    EXPECT_EQ(parser.feed(request.substr(request.size() - 1) + next), 1u);
    EXPECT_EQ(parser.stage(), Stage::complete);
  }
}

TEST(RequestParser, KnowsWhenAConnectionEnds) {
  EXPECT_TRUE(parsed("GET / HTTP/1.1\r\nHost: a\r\n\r\n").keep_alive());
  EXPECT_FALSE(parsed("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").keep_alive());
  EXPECT_FALSE(parsed("GET / HTTP/1.0\r\n\r\n").keep_alive());
  EXPECT_TRUE(parsed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive());
  EXPECT_TRUE(parsed("GET / HTTP/1.0\r\n\r\n").is_http_1_0());
}

TEST(RequestParser, KnowsWhoWaitsToContinue) {
  const std::string head =
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
  EXPECT_TRUE(parsed(head).expects_continue());
  EXPECT_FALSE(parsed(head + "a").expects_continue());
  EXPECT_FALSE(parsed("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
                   .expects_continue());
}

TEST(RequestParser, RefusesWhatIsTooLarge) {
  const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(refused_with(get + "X: " + std::string(300, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(refused_with("GET /" + std::string(300, 'x')), 431);
  std::string many = get;
  for (int i = 0; i < 100; ++i) many += "X: y\r\n";
  EXPECT_EQ(refused_with(many), 431);
  // As soon as it is announced, and not one byte over the limit.
  EXPECT_EQ(refused_with(get + "Content-Length: 1001\r\n\r\n"), 413);
  EXPECT_EQ(refused_with(get + "Content-Length: 1000\r\n\r\n"), 0);
  EXPECT_EQ(refused_with(get + "Transfer-Encoding: chunked\r\n\r\n3E9\r\n"), 413);
  EXPECT_EQ(refused_with(get + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n3E8\r\n"), 413);
  EXPECT_EQ(refused_with(get + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(300, 'x')),
            400);
}

TEST(RequestParser, RefusesWhatAProxyMightReadInAnotherWay) {
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  const std::vector<std::string> heads{
      post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
      post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
      post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
      post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
      post + "Content-Length: 5, 5\r\n\r\n",
      post + "Content-Length: +5\r\n\r\n",
      post + "Content-Length: -1\r\n\r\n",
      post + "Content-Length: 0x5\r\n\r\n",
      post + "Content-Length: 99999999999999999999\r\n\r\n",
      post + "Content-Length:\r\n\r\n",
      post + "Content-Length : 5\r\n\r\n",
      post + "Transfer-Encoding: gzip\r\n\r\n",
      post + "Transfer-Encoding: gzip, chunked\r\n\r\n",
      post + "Transfer-Encoding: chunked, identity\r\n\r\n",
      post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
      post + "Transfer-Encoding: \vchunked\r\n\r\n",
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
      post + "X: a\r\n b\r\n\r\n",
      post + "X:\r\n\tb\r\n\r\n",
      post + " Host: b\r\n\r\n",
      post + "X: a\n\r\n",
      post + "X: a\rb\r\n\r\n",
      post + std::string("X: a\0b\r\n\r\n", 10),
      post + "X y: a\r\n\r\n",
      post + ": a\r\n\r\n",
      post + "Host: b\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
  };
  for (const std::string& head : heads) EXPECT_EQ(refused_with(head), 400) << head;
}

TEST(RequestParser, RefusesWhatIsNotARequest) {
  for (const std::string text :
       {"\x16\x03\x01", "GET\r\n\r\n", "GET /\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "GET / FTP/1.1\r\n\r\n", "G@T / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\n\n", "{\"json\": 1}"}) {
    EXPECT_EQ(refused_with(text), 400) << text;
  }
  EXPECT_EQ(refused_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
  for (const std::string chunk : {"x\r\n", "-1\r\n", "1\r\nab\r\n", "1 \r\na\r\n", "1\na\n",
                                  "FFFFFFFFFFFFFFFFF\r\n", "1;x\ny\r\na\r\n"}) {
    EXPECT_THAT(refused_with("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
                             chunk + "0\r\n\r\n"),
                testing::AnyOf(400, 413))
        << chunk;
  }
}

TEST(RequestTarget, IsTakenApart) {
  const auto target = [](std::string_view text) {
    const auto parts = parse_request_target(text);
    return parts ? parts->path + " " + parts->query : "none";
  };
  EXPECT_EQ(target("/"), "/ ");
  EXPECT_EQ(target("/a%20b/%C3%A9?q=%20?x"), "/a b/\xC3\xA9 q=%20?x");
  EXPECT_EQ(target("*"), "* ");
  EXPECT_EQ(target("http://host:1/a?b"), "/a b");
  EXPECT_EQ(target("http://host"), "/ ");
  EXPECT_EQ(target("http://host?b"), "/ b");
  for (const std::string_view bad :
       {"", "a", "?x", "host:80", "/%", "/%2", "/%zz", "/%00", "/%2f", "/a%2Fb", "/%0a", "/%7F",
        "/%FF", "/%C0%AF", "/\xFF", "/a#b"}) {
    EXPECT_EQ(target(bad), "none") << bad;
  }
}

}  // namespace
}  // namespace thimble::serve
