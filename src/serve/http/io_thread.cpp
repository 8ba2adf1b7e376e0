#include "serve/http/io_thread.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <random>
#include <utility>

#include "serve/http/connection.hpp"
#include "serve/http/response_head.hpp"

namespace thimble::serve {
namespace {

// Clients over the limit of connections that may stay until they have read the 503.
constexpr std::int64_t kMaxTurnedAway = 256;

}  // namespace

IoThread::IoThread(const ServerParts& parts)
    : parts_(parts),
      io_(1),
      work_(io_.get_executor()),
      timer_(io_),
      mailbox_(std::make_shared<Mailbox>(io_)),
      table_(parts.options),
      figures_(parts.metrics),
      id_prefix_(fmt::format("{:08x}-", std::random_device()())) {}

IoThread::~IoThread() {
  mailbox_->close();
  for (const auto& connection : table_.all()) connection->close();
}

void IoThread::run() {
  mailbox_->own();
  for (;;) {
    try {
      io_.run();
      return;
    } catch (const std::exception& error) {
      // Out of memory for one client; the others go on.
      fmt::print(stderr, "thimble: HTTP: {}\n", error.what());
    }
  }
}

void IoThread::adopt(Socket socket) {
  ErrorCode error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return;  // gone already
  socket.non_blocking(true, error);
  socket.set_option(asio::ip::tcp::no_delay(true), error);
  const auto limit = static_cast<std::int64_t>(parts_.options.max_connections);
  const std::int64_t open = parts_.connections.value();
  if (draining() || open >= limit + kMaxTurnedAway) return;

  const auto connection =
      std::make_shared<Connection>(*this, std::move(socket), peer.address().to_string());
  const auto place = table_.add(connection, Clock::now());
  parts_.connections.add(1);
  if (open >= limit) {
    connection->turn_away(place);
  } else {
    connection->start(place);
  }
  if (!ticking_) tick();
}

void IoThread::forget(ConnectionTable::Place place) {
  table_.remove(place);
  parts_.connections.add(-1);
  end_if_drained();
}

void IoThread::tick() {
  const auto now = Clock::now();
  while (const auto connection = table_.overdue(now)) connection->expire();
  if (drained_by_ && now >= *drained_by_) {
    for (const auto& connection : table_.all()) connection->close();
  }
  ticking_ = !table_.empty();
  if (!ticking_) return;
  timer_.expires_after(table_.tick());
  timer_.async_wait([this](const ErrorCode& error) {
    if (!error) tick();
  });
}

void IoThread::drain() {
  if (draining()) return;
  drained_by_ = Clock::now() + parts_.options.drain_timeout;
  for (const auto& connection : table_.in_stage(Stage::idle)) connection->drain();
  end_if_drained();
}

void IoThread::end_if_drained() {
  if (!draining() || !table_.empty()) return;
  timer_.cancel();
  work_.reset();
}

RequestLimits IoThread::limits() const {
  return {parts_.options.max_header_bytes, parts_.options.max_body_bytes};
}

std::string_view IoThread::date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_time_) {
    date_time_ = now;
    date_ = http_date(now);
  }
  return date_;
}

std::string IoThread::next_id() { return id_prefix_ + fmt::format("{:x}", ++id_count_); }

void IoThread::record(AccessRecord record, const std::string& route) {
  figures_.count(route, record.method, record.status, record.milliseconds / 1000);
  if (parts_.log.enabled()) parts_.log.write(std::move(record));
}

void IoThread::count_refusal(std::string_view reason) {
  parts_.metrics
      .counter("thimble_http_refused_total", "Requests refused before they came to be handled.",
               {{"reason", std::string(reason)}})
      .add();
}

}  // namespace thimble::serve
