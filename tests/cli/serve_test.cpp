#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"
#include "data/garment_drawer.hpp"
#include "imaging/codec.hpp"

namespace thimble {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

/// A TCP socket of this machine.
class Socket {
 public:
  Socket() : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  ~Socket() { close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  bool connect_to(int port) {
    address_.sin_port = htons(static_cast<std::uint16_t>(port));
    return connect(descriptor_, reinterpret_cast<sockaddr*>(&address_), sizeof address_) == 0;
  }
  /// Takes a port that nobody else then has.
  int take_port() {
    socklen_t size = sizeof address_;
    bind(descriptor_, reinterpret_cast<sockaddr*>(&address_), size);
    listen(descriptor_, 1);
    getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address_), &size);
    return ntohs(address_.sin_port);
  }
  void send_all(const std::string& text) {
    send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
  }
  std::string receive_all() {
    std::string text;
    char buffer[4096];
    for (ssize_t n = 0; (n = recv(descriptor_, buffer, sizeof buffer, 0)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(n));
    }
    return text;
  }

 private:
  int descriptor_;
  sockaddr_in address_{};
};

std::string ask(int port, const std::string& method, const std::string& path,
                const std::string& body = "") {
  Socket client;
  if (!client.connect_to(port)) return "no connection";
  client.send_all(method + " " + path +
                  " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
                  std::to_string(body.size()) + "\r\n\r\n" + body);
  return client.receive_all();
}

/// `thimble serve`, ready.
class Served {
 public:
  explicit Served(std::vector<std::string> arguments)
      : program_(std::filesystem::temp_directory_path(), with_port(std::move(arguments))) {
    program_.wait_for_lines(program_.out_file(), 1);
    const std::string url = read_text(program_.out_file());
    const std::size_t colon = url.rfind(':');
    if (colon != std::string::npos) port_ = std::stoi(url.substr(colon + 1));
  }

  int port() const { return port_; }
  RunningProgram& program() { return program_; }

 private:
  static std::vector<std::string> with_port(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"serve", "--port", "0", "--threads", "1"});
    return arguments;
  }

  RunningProgram program_;
  int port_ = 0;
};

Outcome serve(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "serve");
  return run_thimble(std::filesystem::temp_directory_path(), arguments);
}

std::string boot() {
  const Images drawn = draw_garment(9, 1, PictureShape{28, 28, 1});
  const std::vector<std::byte> png =
      encode_png(Picture(drawn.shape(), {drawn.pixels().begin(), drawn.pixels().end()}));
  return {reinterpret_cast<const char*>(png.data()), png.size()};
}

TEST(Serve, AnswersUntilItIsToldToEnd) {
  const TemporaryFolder folder;
  Served served({"--access-log", (folder / "access").string()});
  ASSERT_NE(served.port(), 0) << served.program().wait().err;
  EXPECT_THAT(ask(served.port(), "GET", "/readyz"), HasSubstr("200 OK"));
  const std::string answer = ask(served.port(), "POST", "/v1/classify?top=10", boot());
  EXPECT_THAT(answer, HasSubstr("200 OK"));
  const nlohmann::json body = nlohmann::json::parse(answer.substr(answer.find("\r\n\r\n")));
  EXPECT_EQ(body["model"]["name"], "cnn");
  EXPECT_EQ(body["results"][0]["top"].size(), 10u);
  EXPECT_THAT(ask(served.port(), "GET", "/metrics"),
              HasSubstr("thimble_http_requests_total{path=\"/v1/classify\""));

  served.program().send(SIGHUP);
  served.program().wait_for_lines(served.program().err_file(), 3);
  EXPECT_THAT(ask(served.port(), "GET", "/readyz"), HasSubstr("200 OK"));

  served.program().send(SIGTERM);
  const Outcome outcome = served.program().wait();
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, MatchesRegex("http://127\\.0\\.0\\.1:[0-9]+\n"));
  EXPECT_THAT(outcome.err, HasSubstr(" serves cnn "));
  EXPECT_THAT(outcome.err, HasSubstr("Models read again: cnn "));
  EXPECT_THAT(outcome.err, HasSubstr("Ended: 0 of 0 finished"));
  EXPECT_THAT(read_text(folder / "access"), HasSubstr("\"path\":\"/v1/classify\""));
}

TEST(Serve, ServesModelsUnderOtherNamesToThoseWithTheToken) {
  const TemporaryFolder folder;
  write_text(folder / "token", "s3cret\n");
  Served served({"cnn", "again=cnn", "--token-file", (folder / "token").string()});
  ASSERT_NE(served.port(), 0) << served.program().wait().err;
  EXPECT_THAT(ask(served.port(), "GET", "/v1/models"), HasSubstr("401 Unauthorized"));
  EXPECT_THAT(ask(served.port(), "GET",
                  "/v1/models/again HTTP/1.1\r\nAuthorization: Bearer s3cret"
                  "\r\nX: "),
              HasSubstr("\"name\":\"again\""));
  served.program().send(SIGINT);
  EXPECT_EQ(served.program().wait().status, 0);
}

TEST(Serve, SaysWhatItNeeds) {
  const TemporaryFolder folder;
  write_text(folder / "token", " \n");
  Socket other;
  const std::string port = std::to_string(other.take_port());
  const auto refusal = [](const std::vector<std::string>& arguments) {
    const Outcome outcome = serve(arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.out, "");
    return outcome.err;
  };
  EXPECT_THAT(refusal({"--port", port}), HasSubstr(port));
  EXPECT_THAT(refusal({"--port", "70000"}), HasSubstr("--port"));
  EXPECT_THAT(refusal({"--host", "nowhere.invalid"}), HasSubstr("nowhere.invalid"));
  EXPECT_THAT(refusal({"no-such-model"}), HasSubstr("no-such-model"));
  EXPECT_THAT(refusal({"--token-file", (folder / "token").string()}), HasSubstr("empty"));
  EXPECT_THAT(refusal({"--cors-origin", "https://shop.example/"}), HasSubstr("without a path"));
}

}  // namespace
}  // namespace thimble
