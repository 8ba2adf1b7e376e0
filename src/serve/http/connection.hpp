// One client: reads its requests, has them answered, writes the answers, one after the other.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "serve/http.hpp"
#include "serve/http/asio.hpp"
#include "serve/http/connection_table.hpp"
#include "serve/http/request_parser.hpp"

namespace thimble::serve {

class IoThread;

/// Lives as long as the thread's table or a pending wait refers to it. All functions are to be
/// called on its thread.
///
/// Waits for the socket to become readable and then reads into a buffer that all connections of the
/// thread share: while nothing comes, it has no buffer. An answer is written at once, header and
/// body in one call, and only what the socket does not take is kept.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(IoThread& thread, Socket socket, std::string client);

  /// Begins to read. `place`: its own in the thread's table.
  void start(ConnectionTable::Place place);
  /// Answers its first request unread with 503, and closes.
  void turn_away(ConnectionTable::Place place);
  /// Answers the request that the handler has; does nothing if there is none.
  void answer(HttpResponse response);
  /// The time for what it is at is over.
  void expire();
  /// The server ends: serves what has arrived already, otherwise closes if idle.
  void drain();
  void close();

 private:
  /// What is known of the request under way until its answer is written.
  struct Exchange {
    Clock::time_point begin;
    std::string id;
    std::string method;
    std::string path;
    std::uint64_t bytes_in = 0;
    bool http_1_0 = false;
    bool close = false;        ///< no request after this one
    bool asked_close = false;  ///< ... as the client wishes
    bool continued = false;    ///< was told to send its body
  };
  /// What is left of an answer that the socket did not take at once.
  struct Outgoing {
    HttpResponse response;
    std::string head;
    std::size_t written;
  };

  /// Does a step; what goes wrong in it (no memory) ends this connection and no other.
  template <class Step>
  void attempt(Step&& step);
  void enter(Stage stage);
  void wait_readable();
  void readable(const ErrorCode& error);
  void read();
  void consume(std::string_view bytes);
  void keep_for_later(std::string_view bytes);
  void resume();
  void tell_to_continue();

  void note_request();
  void dispatch();
  void refuse(Refusal refusal);

  void send(HttpResponse response);
  /// Writes what it can from byte `written` on.
  std::size_t write_some(const std::string& head, const HttpResponse& response, std::size_t written,
                         ErrorCode& error);
  void wait_writable();
  void writable(const ErrorCode& error);
  bool has_body(const HttpResponse& response) const;
  void finish(HttpResponse& response);
  void linger();

  IoThread& thread_;
  Socket socket_;
  std::string client_;
  ConnectionTable::Place place_;
  Stage stage_ = Stage::idle;
  bool closed_ = false;
  bool waiting_ = false;      // for the socket to become readable
  bool dispatching_ = false;  // the handler is being called

  std::optional<RequestParser> parser_;  // while a request comes in
  std::string pending_;  // requests behind the one under way, from pending_begin_ on
  std::size_t pending_begin_ = 0;
  Exchange exchange_;
  std::optional<HttpResponse> early_answer_;  // given while dispatching
  std::unique_ptr<Outgoing> outgoing_;
};

}  // namespace thimble::serve
