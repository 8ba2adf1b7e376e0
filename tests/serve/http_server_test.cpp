#include "serve/http_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "base/error.hpp"
#include "raw_client.hpp"
#include "temporary_folder.hpp"

namespace thimble::serve {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

HttpResponse text(std::string body) {
  HttpResponse response;
  response.content_type = "text/plain";
  response.body = std::move(body);
  response.route = "/echo";
  return response;
}

/// Says what it got.
void echo(const HttpRequest& request, const Respond& respond) {
  respond(text(request.method + " " + request.path + " " + request.query + " " + request.body));
}

HttpOptions any_port() {
  HttpOptions options;
  options.port = 0;
  return options;
}

/// A server that runs while the object lives.
class TestServer {
 public:
  explicit TestServer(HttpOptions options = any_port(), Handler handler = echo,
                      const std::string& log = "")
      : log_(log),
        server_(options, std::move(handler), metrics_, log_),
        thread_([this] { server_.run(); }) {}
  ~TestServer() { end(); }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  RawClient connect() const { return RawClient(server_.port()); }
  HttpServer& server() { return server_; }
  Metrics& metrics() { return metrics_; }
  void end() {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }
  void wait_for_connections(std::int64_t count) {
    Gauge& gauge = metrics_.gauge("thimble_http_connections", "");
    while (gauge.value() != count) std::this_thread::sleep_for(1ms);
  }

 private:
  Metrics metrics_;
  AccessLog log_;
  HttpServer server_;
  std::thread thread_;
};

/// A handler that keeps the requests until the test answers them.
class Desk {
 public:
  Handler handler() {
    return [this](HttpRequest request, Respond respond) {
      const std::lock_guard lock(mutex_);
      waiting_.emplace_back(std::move(request), std::move(respond));
    };
  }
  std::pair<HttpRequest, Respond> take() {
    for (;;) {
      {
        const std::lock_guard lock(mutex_);
        if (!waiting_.empty()) {
          auto first = std::move(waiting_.front());
          waiting_.erase(waiting_.begin());
          return first;
        }
      }
      std::this_thread::sleep_for(1ms);
    }
  }

 private:
  std::mutex mutex_;
  std::vector<std::pair<HttpRequest, Respond>> waiting_;
};

std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

std::string post(const std::string& body, const std::string& fields = "") {
  return "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         fields + "\r\n" + body;
}

TEST(HttpServer, AnswersAndKeepsTheConnection) {
  TestServer server;
  RawClient client = server.connect();
  for (int i = 0; i < 3; ++i) {
    const RawResponse response = client.ask(get("/a%20b?c=d"));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "GET /a b c=d ");
    EXPECT_EQ(response.header("content-type"), "text/plain");
    EXPECT_EQ(response.header("connection"), "");
  }
}

TEST(HttpServer, ReadsARequestByteByByte) {
  TestServer server;
  RawClient client = server.connect();
  for (const char byte : post("hello") + get("/next")) client.send({&byte, 1});
  EXPECT_EQ(client.receive().body, "POST /p  hello");
  EXPECT_EQ(client.receive().body, "GET /next  ");
}

TEST(HttpServer, TakesAndGivesLargeBodies) {
  TestServer server;
  RawClient client = server.connect();
  const std::string body(3'000'000, 'x');
  std::thread sender([&] { client.send(post(body) + get("/small")); });
  EXPECT_EQ(client.receive().body, "POST /p  " + body);
  sender.join();
  EXPECT_EQ(client.receive().body, "GET /small  ");
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  Desk desk;
  TestServer server(any_port(), desk.handler());
  RawClient client = server.connect();
  std::string requests;
  for (int i = 0; i < 20; ++i) requests += get("/" + std::to_string(i)) + post("body");
  client.send(requests);
  for (int i = 0; i < 40; ++i) {
    const auto [request, respond] = desk.take();
    respond(text(request.path));
    EXPECT_EQ(client.receive().body, i % 2 == 0 ? "/" + std::to_string(i / 2) : "/p");
  }
}

TEST(HttpServer, AnswersHeadWithoutABody) {
  TestServer server;
  RawClient client = server.connect();
  client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n" + get("/y"));
  const RawResponse head = client.receive(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), "9");
  EXPECT_EQ(client.receive().body, "GET /y  ");
}

TEST(HttpServer, SpeaksHttp10) {
  TestServer server;
  RawClient client = server.connect();
  const RawResponse kept = client.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(kept.header("connection"), "keep-alive");
  const RawResponse last = client.ask("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(last.status, 200);
  EXPECT_EQ(last.header("connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST(HttpServer, TakesChunks) {
  TestServer server;
  RawClient client = server.connect();
  const std::string bytes =
      "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  EXPECT_EQ(client.ask(bytes).body, "POST /p  abcde");
  for (const char byte : bytes) client.send({&byte, 1});
  EXPECT_EQ(client.receive().body, "POST /p  abcde");
}

TEST(HttpServer, AsksForBodiesThatItWillTake) {
  HttpOptions options = any_port();
  options.max_body_bytes = 100;
  TestServer server(options);
  RawClient client = server.connect();
  client.send("POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.receive(true).status, 100);
  EXPECT_EQ(client.ask("ok").body, "POST /p  ok");
  const RawResponse refused = client.ask(
      "POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 101\r\n\r\n");
  EXPECT_EQ(refused.status, 413);
}

TEST(HttpServer, RefusesWithProblemDetails) {
  HttpOptions options = any_port();
  options.max_body_bytes = 100;
  options.max_header_bytes = 1000;
  TestServer server(options);
  const std::vector<std::pair<std::string, int>> cases{
      {"nonsense\r\n\r\n", 400},
      {get("/", "X: " + std::string(2000, 'x') + "\r\n"), 431},
      {post(std::string(200'000, 'x')), 413},
      {"GET / HTTP/3.0\r\n\r\n", 505},
      {post("", "Transfer-Encoding: chunked\r\n"), 400}};
  for (const auto& [bytes, status] : cases) {
    RawClient client = server.connect();
    const RawResponse response = client.ask(bytes);
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.header("content-type"), "application/problem+json");
    EXPECT_EQ(response.header("connection"), "close");
    const auto details = nlohmann::json::parse(response.body);
    EXPECT_EQ(details["status"], status);
    EXPECT_EQ(details["instance"], response.header("x-request-id"));
    EXPECT_TRUE(client.at_end());
  }
  server.end();
  const std::string figures = server.metrics().to_prometheus();
  EXPECT_THAT(figures, HasSubstr("thimble_http_refused_total{reason=\"malformed\"} 2\n"));
  EXPECT_THAT(figures, HasSubstr("thimble_http_refused_total{reason=\"body_too_large\"} 1\n"));
}

TEST(HttpServer, DropsSlowClients) {
  HttpOptions options = any_port();
  options.header_timeout = 100ms;
  options.body_timeout = 100ms;
  options.idle_timeout = 100ms;
  TestServer server(options);
  for (const std::string begin :
       {"GET /", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\n"}) {
    RawClient client = server.connect();
    client.send(begin);
    std::atomic<bool> answered = false;
    std::thread trickle([&] {
      while (!answered && client.send("x")) std::this_thread::sleep_for(20ms);
    });
    EXPECT_EQ(client.receive().status, 408);
    answered = true;
    trickle.join();
  }
  RawClient idle = server.connect();
  EXPECT_TRUE(idle.at_end());
  RawClient kept = server.connect();
  EXPECT_EQ(kept.ask(get("/")).status, 200);
  EXPECT_TRUE(kept.at_end());
}

TEST(HttpServer, DropsClientsThatDoNotReadTheAnswer) {
  HttpOptions options = any_port();
  options.write_timeout = 100ms;
  TestServer server(options, [](const HttpRequest&, const Respond& respond) {
    respond(text(std::string(20'000'000, 'x')));
  });
  RawClient client = server.connect();
  client.send(get("/"));
  server.wait_for_connections(1);
  server.wait_for_connections(0);
  EXPECT_EQ(client.receive().status, 0);
}

TEST(HttpServer, CarriesManyIdleConnections) {
  TestServer server;
  std::vector<RawClient> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(server.connect());
  server.wait_for_connections(200);
  EXPECT_EQ(clients[150].ask(get("/")).status, 200);
  clients.clear();
  server.wait_for_connections(0);
}

TEST(HttpServer, TurnsAwayMoreConnectionsThanItMayHave) {
  HttpOptions options = any_port();
  options.max_connections = 2;
  TestServer server(options);
  RawClient first = server.connect();
  RawClient second = server.connect();
  server.wait_for_connections(2);
  RawClient third = server.connect();
  const RawResponse refused = third.ask(get("/"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("retry-after"), "1");
  EXPECT_EQ(first.ask(get("/")).status, 200);
  third.close();
  second.close();
  server.wait_for_connections(1);
  EXPECT_EQ(server.connect().ask(get("/")).status, 200);
}

TEST(HttpServer, MarksAnswersWithTheRequestsId) {
  TestServer server;
  RawClient client = server.connect();
  EXPECT_EQ(client.ask(get("/", "X-Request-Id: my_own.id-1\r\n")).header("x-request-id"),
            "my_own.id-1");
  const std::string made = client.ask(get("/")).header("x-request-id");
  EXPECT_THAT(made, testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]+"));
  for (const std::string& odd : {std::string("a b"), std::string(65, 'a'), std::string("\"")}) {
    const std::string id =
        client.ask(get("/", "X-Request-Id: " + odd + "\r\n")).header("x-request-id");
    EXPECT_THAT(id, testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]+"));
    EXPECT_NE(id, made);
  }
}

TEST(HttpServer, SendsSecurityHeaders) {
  TestServer server(any_port(), [](const HttpRequest& request, const Respond& respond) {
    HttpResponse response = text("ok");
    if (request.path == "/own") {
      response.headers = {{"content-security-policy", "default-src *"},
                          {"X-Echo", "a\r\nX-Injected: b"},
                          {"Content-Length", "7"}};
    }
    respond(response);
  });
  RawClient client = server.connect();
  const RawResponse plain = client.ask(get("/"));
  EXPECT_EQ(plain.header("x-content-type-options"), "nosniff");
  EXPECT_EQ(plain.header("referrer-policy"), "no-referrer");
  EXPECT_EQ(plain.header("x-frame-options"), "DENY");
  EXPECT_EQ(plain.header("cross-origin-opener-policy"), "same-origin");
  EXPECT_EQ(plain.header("cross-origin-resource-policy"), "same-origin");
  EXPECT_EQ(plain.header("permissions-policy"), "camera=(self)");
  EXPECT_THAT(plain.header("content-security-policy"), HasSubstr("frame-ancestors 'none'"));
  EXPECT_EQ(plain.header("server"), "thimble");
  EXPECT_THAT(plain.header("date"), testing::EndsWith(" GMT"));
  const RawResponse own = client.ask(get("/own"));
  EXPECT_EQ(own.header("content-security-policy"), "default-src *");
  EXPECT_EQ(own.header("x-frame-options"), "DENY");
  EXPECT_EQ(own.header("x-injected"), "");
  EXPECT_EQ(own.body, "ok");
}

TEST(HttpServer, AnswersForHandlersThatFail) {
  TestServer server(any_port(), [](const HttpRequest& request, const Respond& respond) {
    if (request.path == "/throw") throw std::runtime_error("a secret");
    if (request.path == "/late") {
      std::thread([respond] { respond(text("late")); }).detach();
    }
  });
  RawClient client = server.connect();
  for (const char* path : {"/throw", "/drop"}) {
    const RawResponse response = client.ask(get(path));
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(response.header("content-type"), "application/problem+json");
    EXPECT_THAT(response.body, testing::Not(HasSubstr("secret")));
  }
  EXPECT_EQ(client.ask(get("/late")).body, "late");
}

TEST(HttpServer, TakesOneAnswerAndOutlivesItsClients) {
  Desk desk;
  auto server = std::make_unique<TestServer>(any_port(), desk.handler());
  RawClient client = server->connect();
  client.send(get("/"));
  const Respond first = desk.take().second;
  first(text("first"));
  first(text("second"));
  EXPECT_EQ(client.receive().body, "first");

  client.send(get("/gone"));
  const Respond to_nobody = desk.take().second;
  client.close();
  to_nobody(text(std::string(1'000'000, 'x')));
  server->wait_for_connections(0);

  RawClient other = server->connect();
  EXPECT_TRUE(other.send(get("/")));
  const Respond late = desk.take().second;
  std::thread stopping([&] { server->end(); });
  late(text("last"));
  EXPECT_EQ(other.receive().body, "last");
  stopping.join();
  server.reset();
  late(text("too late"));
}

TEST(HttpServer, AnswersWhatIsUnderWayWhenItStops) {
  Desk desk;
  TestServer server(any_port(), desk.handler());
  RawClient idle = server.connect();
  RawClient busy = server.connect();
  RawClient half = server.connect();
  busy.send(get("/busy"));
  half.send("GET /half HTTP/1.1\r\n");
  server.wait_for_connections(3);
  const Respond respond = desk.take().second;
  std::this_thread::sleep_for(20ms);  // for the half request to be read
  server.server().stop();
  EXPECT_TRUE(idle.at_end());
  half.send("Host: a\r\n\r\n");
  desk.take().second(text("half"));
  respond(text("busy"));
  for (RawClient* client : {&busy, &half}) {
    const RawResponse response = client->receive();
    EXPECT_EQ(response.body, client == &busy ? "busy" : "half");
    EXPECT_EQ(response.header("connection"), "close");
    EXPECT_TRUE(client->at_end());
  }
  EXPECT_THROW(server.connect(), std::runtime_error);
}

TEST(HttpServer, StopsWhenTheDrainTimeIsOver) {
  HttpOptions options = any_port();
  options.drain_timeout = 50ms;
  Desk desk;
  TestServer server(options, desk.handler());
  RawClient client = server.connect();
  client.send(get("/"));
  const Respond never = desk.take().second;
  server.end();
  EXPECT_EQ(client.receive().status, 0);
}

TEST(HttpServer, ServesFromSeveralThreads) {
  HttpOptions options = any_port();
  options.threads = 3;
  TestServer server(options, [](const HttpRequest& request, const Respond& respond) {
    std::thread([request, respond] { respond(text(request.path)); }).detach();
  });
  std::vector<RawClient> clients;
  for (int i = 0; i < 9; ++i) clients.push_back(server.connect());
  for (std::size_t i = 0; i < clients.size(); ++i) clients[i].send(get("/" + std::to_string(i)));
  for (std::size_t i = 0; i < clients.size(); ++i) {
    EXPECT_EQ(clients[i].receive().body, "/" + std::to_string(i));
  }
}

TEST(HttpServer, CountsAndLogsRequests) {
  const TemporaryFolder folder;
  const std::string path = (folder / "access.log").string();
  {
    TestServer server(any_port(), echo, path);
    RawClient client = server.connect();
    client.ask(post("hello", "X-Request-Id: one\r\n"));
    client.ask("BREW /pot?secret HTTP/1.1\r\nHost: a\r\n\r\n");
    server.end();
    const std::string figures = server.metrics().to_prometheus();
    EXPECT_THAT(
        figures,
        HasSubstr(
            "thimble_http_requests_total{path=\"/echo\",method=\"POST\",status=\"200\"} 1\n"));
    EXPECT_THAT(
        figures,
        HasSubstr(
            "thimble_http_requests_total{path=\"/echo\",method=\"other\",status=\"200\"} 1\n"));
    EXPECT_THAT(figures,
                HasSubstr("thimble_http_request_duration_seconds_count{path=\"/echo\"} 2\n"));
  }
  std::ifstream file(path);
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  const auto first = nlohmann::json::parse(line);
  EXPECT_EQ(first["id"], "one");
  EXPECT_EQ(first["client"], "127.0.0.1");
  EXPECT_EQ(first["bytes_in"], 5);
  EXPECT_EQ(first["bytes_out"], 14);
  ASSERT_TRUE(std::getline(file, line));
  EXPECT_EQ(nlohmann::json::parse(line)["path"], "/pot");
}

TEST(HttpServer, SaysWhyItCannotListen) {
  TestServer server;
  Metrics metrics;
  AccessLog log("");
  HttpOptions options = any_port();
  options.port = server.server().port();
  EXPECT_THROW(HttpServer(options, echo, metrics, log), UsageError);
  options.host = "example.org";
  EXPECT_THROW(HttpServer(options, echo, metrics, log), UsageError);
}

}  // namespace
}  // namespace thimble::serve
