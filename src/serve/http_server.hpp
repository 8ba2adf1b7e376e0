// HTTP/1.1 over TCP: connections, limits, time-outs, the access log and an orderly end.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "serve/access_log.hpp"
#include "serve/http.hpp"
#include "serve/metrics.hpp"

namespace thimble::serve {

struct HttpOptions {
  std::string host = "127.0.0.1";  ///< the address to listen on
  std::uint16_t port = 8080;       ///< 0: any that is free
  int threads = 1;                 ///< that read and write; the handlers compute elsewhere
  std::size_t max_body_bytes = 32'000'000;
  std::size_t max_header_bytes = 16'384;
  std::size_t max_connections = 4096;  ///< beyond them: 503 and closed
  std::chrono::milliseconds header_timeout{
      10'000};                                     ///< from its first byte to the end of the header
  std::chrono::milliseconds body_timeout{60'000};  ///< for the whole body
  std::chrono::milliseconds idle_timeout{75'000};  ///< between requests
  std::chrono::milliseconds write_timeout{60'000};  ///< for a whole answer
  std::chrono::milliseconds drain_timeout{20'000};  ///< at the end, for the requests under way
};

/// Listens once constructed. Slow and idle clients cost a few kilobytes of memory each, and no
/// thread. The requests of one connection are answered one after the other.
///
/// What is not HTTP, too large or too slow is answered with problem details (400, 408, 413, 431,
/// 505) and closed. Every answer carries X-Request-Id and the security headers (nosniff,
/// no-referrer, a content-security policy, frame-ancestors 'none'); a handler's own header of the
/// same name stands instead.
class HttpServer {
 public:
  /// @throws UsageError  if the address is not one, or cannot be listened on (says why)
  HttpServer(const HttpOptions& options, Handler handler, Metrics& metrics, AccessLog& log);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;

  /// Serves until stop(), and then until the requests under way are answered or the drain time is
  /// over.
  void run();

  /// Accepts no more connections, closes the idle ones, lets run() end. From any thread.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thimble::serve
