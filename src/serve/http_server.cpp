#include "serve/http_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "serve/http/io_thread.hpp"

namespace thimble::serve {
namespace {

using asio::ip::tcp;

// How long to wait for descriptors to become free.
constexpr std::chrono::milliseconds kAcceptPause{100};

tcp::endpoint endpoint_of(const HttpOptions& options) {
  ErrorCode error;
  const std::string& host = options.host == "localhost" ? "127.0.0.1" : options.host;
  const auto address = asio::ip::make_address(host, error);
  if (error) {
    throw UsageError(fmt::format(
        "'{}' is not an IP address; 127.0.0.1 is this machine alone, 0.0.0.0 and :: all of its "
        "networks",
        options.host));
  }
  return {address, options.port};
}

Acceptor listening(asio::io_context& io, const HttpOptions& options) {
  const tcp::endpoint endpoint = endpoint_of(options);
  try {
    Acceptor acceptor(io);
    acceptor.open(endpoint.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen(asio::socket_base::max_listen_connections);
    return acceptor;
  } catch (const boost::system::system_error& error) {
    throw UsageError(fmt::format("cannot listen on {} port {}: {}", options.host, options.port,
                                 error.code().message()));
  }
}

bool is_shortage(const ErrorCode& error) {
  return error == asio::error::no_descriptors || error == asio::error::no_memory ||
         error == asio::error::no_buffer_space ||
         error == boost::system::errc::too_many_files_open_in_system;
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const HttpOptions& options, Handler handler, Metrics& metrics, AccessLog& log)
      : parts_{options, std::move(handler), metrics, log,
               metrics.gauge("thimble_http_connections", "Open HTTP connections.")},
        threads_(make_threads(parts_)),
        acceptor_(listening(threads_[0]->io(), options)),
        pause_(threads_[0]->io()),
        port_(acceptor_.local_endpoint().port()) {
    accept();
  }

  std::uint16_t port() const { return port_; }

  void run() {
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < threads_.size(); ++i) {
      others.emplace_back([this, i] { threads_[i]->run(); });
    }
    threads_[0]->run();
    for (std::thread& thread : others) thread.join();
  }

  void stop() {
    asio::post(threads_[0]->io(), [this] {
      ErrorCode ignored;
      acceptor_.close(ignored);
      pause_.cancel();
    });
    for (const auto& thread : threads_) {
      asio::post(thread->io(), [thread = thread.get()] { thread->drain(); });
    }
  }

 private:
  static std::vector<std::unique_ptr<IoThread>> make_threads(const ServerParts& parts) {
    std::vector<std::unique_ptr<IoThread>> threads;
    for (int i = 0; i < std::max(1, parts.options.threads); ++i) {
      threads.push_back(std::make_unique<IoThread>(parts));
    }
    return threads;
  }

  void accept() {
    IoThread& thread = *threads_[next_thread_];
    next_thread_ = (next_thread_ + 1) % threads_.size();
    acceptor_.async_accept(thread.io(), [this, &thread](const ErrorCode& error, Socket socket) {
      if (!acceptor_.is_open()) return;
      if (is_shortage(error)) return accept_later();
      if (!error) hand_over(thread, std::move(socket));
      accept();
    });
  }

  void hand_over(IoThread& thread, Socket socket) {
    if (&thread == threads_[0].get()) return thread.adopt(std::move(socket));
    asio::post(thread.io(), [&thread, socket = std::move(socket)]() mutable {
      thread.adopt(std::move(socket));
    });
  }

  void accept_later() {
    threads_[0]->count_refusal("descriptors");
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](const ErrorCode& error) {
      if (!error && acceptor_.is_open()) accept();
    });
  }

  ServerParts parts_;
  std::vector<std::unique_ptr<IoThread>> threads_;
  Acceptor acceptor_;
  Timer pause_;
  std::uint16_t port_;
  std::size_t next_thread_ = 0;
};

HttpServer::HttpServer(const HttpOptions& options, Handler handler, Metrics& metrics,
                       AccessLog& log)
    : impl_(std::make_unique<Impl>(options, std::move(handler), metrics, log)) {}
HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return impl_->port(); }
void HttpServer::run() { impl_->run(); }
void HttpServer::stop() { impl_->stop(); }

}  // namespace thimble::serve
