// One thread's connections and what they share.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "serve/access_log.hpp"
#include "serve/http/asio.hpp"
#include "serve/http/connection_table.hpp"
#include "serve/http/mailbox.hpp"
#include "serve/http/request_figures.hpp"
#include "serve/http/request_parser.hpp"
#include "serve/http_server.hpp"

namespace thimble::serve {

/// What all threads of a server share.
struct ServerParts {
  HttpOptions options;
  Handler handler;
  Metrics& metrics;
  AccessLog& log;
  Gauge& connections;
};

/// An event loop with the connections that belong to it: nothing in it needs a lock.
class IoThread {
 public:
  explicit IoThread(const ServerParts& parts);
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  asio::io_context& io() { return io_; }
  /// Serves on the caller's thread until it is drained.
  void run();
  /// Takes a new client. On this thread.
  void adopt(Socket socket);
  /// Closes idle connections, ends run() when the others are done or the time is over. On this
  /// thread.
  void drain();

  // For its connections.

  const Handler& handler() const { return parts_.handler; }
  RequestLimits limits() const;
  ConnectionTable& table() { return table_; }
  const std::shared_ptr<Mailbox>& mailbox() { return mailbox_; }
  bool draining() const { return drained_by_.has_value(); }
  /// To read into; holds nothing from one call to the next.
  std::span<char> scratch() { return scratch_; }
  /// To write the header of an answer in.
  std::string& head_room() { return head_room_; }
  /// Of now, for the Date field.
  std::string_view date();
  std::string next_id();
  void record(AccessRecord record, const std::string& route);
  void count_refusal(std::string_view reason);
  /// The connection is closed.
  void forget(ConnectionTable::Place place);

 private:
  void tick();
  void end_if_drained();

  const ServerParts& parts_;
  asio::io_context io_;
  asio::executor_work_guard<Executor> work_;
  Timer timer_;
  bool ticking_ = false;
  std::shared_ptr<Mailbox> mailbox_;
  ConnectionTable table_;
  std::optional<Clock::time_point> drained_by_;
  RequestFigures figures_;
  std::array<char, 65'536> scratch_;
  std::string head_room_;
  std::time_t date_time_ = 0;
  std::string date_;
  std::string id_prefix_;
  std::uint64_t id_count_ = 0;
};

}  // namespace thimble::serve
