// A client that sends exactly the bytes it is told to.

#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.hpp"

namespace thimble::serve {

struct RawResponse {
  int status = 0;  ///< 0: the connection ended without one
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;

  std::string header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return "";
  }
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{20, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      ::close(socket_);
      throw std::runtime_error("cannot connect");
    }
  }
  ~RawClient() {
    if (socket_ >= 0) ::close(socket_);
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  RawClient(RawClient&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), received_(std::move(other.received_)) {}
  RawClient& operator=(RawClient&&) = delete;

  /// False if the server has closed.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  void close_sending() const { shutdown(socket_, SHUT_WR); }
  void close() { ::close(std::exchange(socket_, -1)); }

  /// The next answer. `head`: one to a HEAD, without a body.
  RawResponse receive(bool head = false) {
    std::size_t end = std::string::npos;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive_more()) return {};
    }
    RawResponse response;
    bool first = true;
    for (const std::string& line : split(received_.substr(0, end), '\n')) {
      const std::string_view text = trim(line);
      if (first) {
        response.status = std::stoi(std::string(text.substr(9, 3)));
      } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
        response.headers.emplace_back(to_lower(text.substr(0, colon)),
                                      std::string(trim(text.substr(colon + 1))));
      }
      first = false;
    }
    received_.erase(0, end + 4);
    const std::string length = response.header("content-length");
    const std::size_t size = head || length.empty() ? 0 : std::stoul(length);
    while (received_.size() < size) {
      if (!receive_more()) return {};
    }
    response.body = received_.substr(0, size);
    received_.erase(0, size);
    return response;
  }

  /// Does the server close, with nothing more to say?
  bool at_end() { return received_.empty() && !receive_more(); }

  RawResponse ask(std::string_view bytes) {
    send(bytes);
    return receive();
  }

 private:
  bool receive_more() {
    std::array<char, 16'384> buffer;
    const ssize_t count = recv(socket_, buffer.data(), buffer.size(), 0);
    if (count <= 0) return false;
    received_.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
  }

  int socket_;
  std::string received_;
};

}  // namespace thimble::serve
