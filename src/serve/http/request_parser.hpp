// Bytes in, one HTTP/1.1 request out: what a connection feeds, and the fuzzer.

#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "serve/http.hpp"

namespace thimble::serve {

struct RequestLimits {
  std::size_t header_bytes = 16'384;  ///< request line and fields; also the frame of a chunk
  std::size_t body_bytes = 32'000'000;
};

/// Why a request is not answered by its handler.
struct Refusal {
  HttpResponse response;    ///< problem details
  std::string_view reason;  ///< for the metrics: "malformed", "header_too_large", ...
};

/// Reads one request (RFC 9112) from bytes that come in pieces of any size.
///
/// Strict, so that no proxy in front can take a message for another one than this does: refuses
/// folded fields, bare line feeds, repeated Content-Length or Host, Content-Length together with
/// Transfer-Encoding, and transfer codings other than chunked. Memory grows with the bytes that
/// came, not with those announced.
class RequestParser {
 public:
  enum class Stage { head, body, complete, refused };

  explicit RequestParser(const RequestLimits& limits);
  ~RequestParser();
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;

  /// Takes bytes up to the end of the request.
  ///
  /// @return  how many; the others belong to the next request. All if it is refused.
  std::size_t feed(std::string_view bytes);

  Stage stage() const;
  /// From the stage `body` on: may the connection be used for another request?
  bool keep_alive() const;
  /// From the stage `body` on: HTTP/1.0?
  bool is_http_1_0() const;
  /// Does the client wait for "100 Continue" before it sends the body?
  bool expects_continue() const;

  /// The request; whole once complete, and as far as it came before.
  /// `client`, `id` and `received` are for the connection to fill in.
  HttpRequest& request();
  /// In the stage `refused`.
  Refusal& refusal();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thimble::serve
