#include "serve/http/connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <span>
#include <utility>

#include "serve/http/io_thread.hpp"
#include "serve/http/mailbox.hpp"
#include "serve/http/response_head.hpp"

namespace thimble::serve {
namespace {

// Then it is the other connections' turn.
constexpr int kReadsInARow = 16;

/// A client's request id is taken over if nothing in it can disturb a log or a shell.
bool is_request_id(std::string_view id) {
  constexpr std::size_t kMaxLength = 64;
  return !id.empty() && id.size() <= kMaxLength && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

/// Adds "instance" to problem details.
void add_instance(const std::string& id, HttpResponse& response) {
  if (response.content_type != "application/problem+json" || !response.body.ends_with('}')) return;
  response.body.back() = ',';
  response.body += "\"instance\":\"" + id + "\"}";
}

bool is_again(const ErrorCode& error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

}  // namespace

Connection::Connection(IoThread& thread, Socket socket, std::string client)
    : thread_(thread), socket_(std::move(socket)), client_(std::move(client)) {}

void Connection::start(ConnectionTable::Place place) {
  place_ = place;
  wait_readable();
}

void Connection::turn_away(ConnectionTable::Place place) {
  place_ = place;
  exchange_.begin = Clock::now();
  HttpResponse response =
      problem(503, "Too many connections", "All connections are in use; try again in a second.");
  response.headers.emplace_back("Retry-After", "1");
  refuse({std::move(response), "connections"});
}

template <class Step>
void Connection::attempt(Step&& step) {
  try {
    step();
  } catch (const std::exception& error) {
    fmt::print(stderr, "thimble: connection of {}: {}\n", client_, error.what());
    close();
  }
}

void Connection::enter(Stage stage) {
  stage_ = stage;
  thread_.table().move(place_, stage, Clock::now());
}

void Connection::close() {
  if (closed_) return;
  closed_ = true;
  ErrorCode ignored;
  socket_.close(ignored);
  thread_.forget(place_);
}

void Connection::expire() {
  if (stage_ != Stage::head && stage_ != Stage::body) return close();
  attempt([&] {
    refuse({problem(408, "Request too slow", "The request did not come in time."), "timeout"});
  });
}

void Connection::drain() {
  if (stage_ != Stage::idle || closed_) return;
  attempt([&] { read(); });
  if (stage_ == Stage::idle) close();
}

void Connection::wait_readable() {
  if (waiting_ || closed_) return;
  waiting_ = true;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const ErrorCode& error) {
    self->attempt([&] { self->readable(error); });
  });
}

void Connection::readable(const ErrorCode& error) {
  waiting_ = false;
  if (closed_ || stage_ == Stage::handling || stage_ == Stage::writing) return;
  if (error) return close();
  read();
}

void Connection::read() {
  const std::span<char> room = thread_.scratch();
  for (int i = 0; i < kReadsInARow; ++i) {
    ErrorCode error;
    const std::size_t count = socket_.read_some(asio::buffer(room.data(), room.size()), error);
    if (is_again(error)) break;
    if (error) return close();
    if (stage_ != Stage::lingering) consume({room.data(), count});
    if (closed_ || stage_ == Stage::handling || stage_ == Stage::writing) return;
    if (count < room.size()) break;
  }
  wait_readable();
}

void Connection::consume(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!parser_) {
      parser_.emplace(thread_.limits());
      exchange_ = {};
      exchange_.begin = Clock::now();
      enter(Stage::head);
    }
    bytes.remove_prefix(parser_->feed(bytes));
    switch (parser_->stage()) {
      case RequestParser::Stage::head:
        break;
      case RequestParser::Stage::body:
        if (stage_ == Stage::head) enter(Stage::body);
        if (parser_->expects_continue() && !exchange_.continued) tell_to_continue();
        break;
      case RequestParser::Stage::refused:
        return refuse(std::move(parser_->refusal()));
      case RequestParser::Stage::complete:
        dispatch();
        break;
    }
    if (closed_) return;
    if (stage_ == Stage::handling || stage_ == Stage::writing) return keep_for_later(bytes);
    if (stage_ == Stage::lingering) return;
  }
}

void Connection::keep_for_later(std::string_view bytes) {
  if (pending_.empty()) {
    pending_ = bytes;
    pending_begin_ = 0;
  } else {
    pending_begin_ = pending_.size() - bytes.size();
  }
}

void Connection::resume() {
  if (!pending_.empty()) {
    consume(std::string_view(pending_).substr(pending_begin_));
    if (closed_ || stage_ == Stage::handling || stage_ == Stage::writing) return;
    pending_ = std::string();
  }
  // The end of the server came while the request was under way.
  if (stage_ == Stage::idle && thread_.draining()) return drain();
  wait_readable();
}

void Connection::tell_to_continue() {
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  exchange_.continued = true;
  ErrorCode error;
  const std::size_t count =
      socket_.write_some(asio::buffer(kContinue.data(), kContinue.size()), error);
  // Not even this finds room: the client has not read the answers before.
  if (error || count < kContinue.size()) close();
}

void Connection::note_request() {
  if (!parser_) return;
  HttpRequest& request = parser_->request();
  const std::string_view id = request.header("x-request-id");
  if (is_request_id(id)) exchange_.id = id;
  exchange_.method = request.method;
  exchange_.path = request.path;
  exchange_.bytes_in = request.body.size();
  exchange_.http_1_0 = parser_->is_http_1_0();
}

void Connection::dispatch() {
  note_request();
  if (exchange_.id.empty()) exchange_.id = thread_.next_id();
  exchange_.asked_close = !parser_->keep_alive();
  HttpRequest request = std::move(parser_->request());
  parser_.reset();
  request.client = client_;
  request.id = exchange_.id;
  request.received = Clock::now();
  enter(Stage::handling);

  const auto reply = std::make_shared<Reply>(thread_.mailbox(), weak_from_this());
  dispatching_ = true;
  try {
    thread_.handler()(std::move(request),
                      [reply](HttpResponse response) { reply->answer(std::move(response)); });
  } catch (const std::exception& error) {
    fmt::print(stderr, "thimble: request {}: {}\n", exchange_.id, error.what());
    HttpResponse response =
        problem(500, "Internal error", "The request could not be answered; the log says why.");
    response.log.emplace_back("error", error.what());
    reply->answer(std::move(response));
  }
  dispatching_ = false;
  if (early_answer_) {
    HttpResponse response = *std::exchange(early_answer_, std::nullopt);
    send(std::move(response));
  }
}

void Connection::answer(HttpResponse response) {
  if (closed_ || stage_ != Stage::handling) return;
  if (dispatching_) {
    early_answer_ = std::move(response);
    return;
  }
  attempt([&] {
    send(std::move(response));
    if (stage_ == Stage::idle) resume();
  });
}

void Connection::refuse(Refusal refusal) {
  note_request();
  parser_.reset();
  if (exchange_.id.empty()) exchange_.id = thread_.next_id();
  exchange_.close = true;
  thread_.count_refusal(refusal.reason);
  enter(Stage::handling);
  send(std::move(refusal.response));
}

bool Connection::has_body(const HttpResponse& response) const {
  return exchange_.method != "HEAD" && may_have_body(response.status);
}

void Connection::send(HttpResponse response) {
  exchange_.close = exchange_.close || exchange_.asked_close || thread_.draining();
  add_instance(exchange_.id, response);
  std::string& head = thread_.head_room();
  head.clear();
  append_response_head(response,
                       {thread_.date(), exchange_.id, exchange_.close, exchange_.http_1_0}, head);

  ErrorCode error;
  const std::size_t written = write_some(head, response, 0, error);
  if (error && !is_again(error)) return close();
  if (written == head.size() + (has_body(response) ? response.body.size() : 0)) {
    return finish(response);
  }
  outgoing_ = std::make_unique<Outgoing>(Outgoing{std::move(response), head, written});
  enter(Stage::writing);
  wait_writable();
}

std::size_t Connection::write_some(const std::string& head, const HttpResponse& response,
                                   std::size_t written, ErrorCode& error) {
  std::string_view first = head;
  std::string_view second = has_body(response) ? std::string_view(response.body) : "";
  const std::size_t of_first = std::min(written, first.size());
  first.remove_prefix(of_first);
  second.remove_prefix(written - of_first);
  const std::array buffers{asio::const_buffer(first.data(), first.size()),
                           asio::const_buffer(second.data(), second.size())};
  return socket_.write_some(buffers, error);
}

void Connection::wait_writable() {
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const ErrorCode& error) {
    self->attempt([&] { self->writable(error); });
  });
}

void Connection::writable(const ErrorCode& error) {
  if (closed_) return;
  if (error) return close();
  ErrorCode failure;
  Outgoing& left = *outgoing_;
  left.written += write_some(left.head, left.response, left.written, failure);
  if (failure && !is_again(failure)) return close();
  if (left.written < left.head.size() + (has_body(left.response) ? left.response.body.size() : 0)) {
    return wait_writable();
  }
  const std::unique_ptr<Outgoing> done = std::move(outgoing_);
  finish(done->response);
  if (stage_ == Stage::idle) resume();
}

void Connection::finish(HttpResponse& response) {
  AccessRecord record;
  record.id = std::move(exchange_.id);
  record.client = client_;
  record.method = std::move(exchange_.method);
  record.path = std::move(exchange_.path);
  record.status = response.status;
  record.bytes_in = exchange_.bytes_in;
  record.bytes_out = record.method == "HEAD" ? 0 : response.body.size();
  record.milliseconds =
      std::chrono::duration<double, std::milli>(Clock::now() - exchange_.begin).count();
  record.further = std::move(response.log);
  thread_.record(std::move(record), response.route);
  if (exchange_.close) return linger();
  enter(Stage::idle);
}

void Connection::linger() {
  if (exchange_.asked_close && pending_.empty()) return close();
  ErrorCode error;
  socket_.shutdown(Socket::shutdown_send, error);
  if (error) return close();
  pending_ = std::string();
  enter(Stage::lingering);
  wait_readable();
}

}  // namespace thimble::serve
