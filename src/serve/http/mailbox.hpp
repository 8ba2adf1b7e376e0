// Answers on their way from the threads that compute them to the thread that has the connection.

#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "serve/http.hpp"
#include "serve/http/asio.hpp"

namespace thimble::serve {

class Connection;

/// Takes answers from any thread, also when the server is long gone: then they come to nothing.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  explicit Mailbox(asio::io_context& io) : io_(&io) {}

  /// Has the connection answer, on its own thread; at once if that is the caller's.
  void send(const std::weak_ptr<Connection>& connection, HttpResponse response);

  /// From now on the caller's thread is that of the connections.
  void own() { owner_ = std::this_thread::get_id(); }
  /// Takes no more. To be called before the io_context ends.
  void close();

 private:
  struct Letter {
    std::weak_ptr<Connection> connection;
    HttpResponse response;
  };

  void deliver();

  std::atomic<std::thread::id> owner_;
  std::mutex mutex_;
  asio::io_context* io_;  // null once closed
  std::vector<Letter> letters_;
};

/// The answer to one request. Gives the first one that it gets; if it gets none, a 500.
class Reply {
 public:
  Reply(std::shared_ptr<Mailbox> mailbox, std::weak_ptr<Connection> connection)
      : mailbox_(std::move(mailbox)), connection_(std::move(connection)) {}
  ~Reply();
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  void answer(HttpResponse response);

 private:
  std::shared_ptr<Mailbox> mailbox_;
  std::weak_ptr<Connection> connection_;
  std::atomic<bool> answered_{false};
};

}  // namespace thimble::serve
