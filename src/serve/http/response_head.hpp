// The header of an answer, as bytes.

#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "serve/http.hpp"

namespace thimble::serve {

struct ResponseHead {
  std::string_view date;  ///< http_date()
  std::string_view id;    ///< X-Request-Id
  bool close = false;     ///< the connection ends behind this answer
  bool http_1_0 = false;  ///< the client's version: it must be told that the connection stays
};

/// Appends the status line and all fields with the empty line behind them: those that every answer
/// has (security among them), and the answer's own, which stand instead of those of the same name.
/// Fields that frame the message (Content-Length, Connection, ...) are not the handler's to set.
void append_response_head(const HttpResponse& response, const ResponseHead& head, std::string& out);

/// May an answer of this status have a body (RFC 9110, section 6.4.1)?
bool may_have_body(int status);

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7).
std::string http_date(std::time_t time);

}  // namespace thimble::serve
