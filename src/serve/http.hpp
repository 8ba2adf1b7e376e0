// What the service's HTTP layer and its handlers say to each other.

#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thimble::serve {

/// A request that was received in full and within the limits.
struct HttpRequest {
  std::string method;  ///< "GET", "POST", ...; a HEAD is to be answered as a GET
  std::string path;    ///< percent-decoded, without the query: "/v1/classify"
  std::string query;   ///< behind the question mark, as sent; may be empty
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
  std::string client;  ///< the peer's address
  std::string id;      ///< of the access log and the answer's X-Request-Id
  std::chrono::steady_clock::time_point received;  ///< when its last byte was here

  /// The first header of that name (lower case); empty where there is none.
  std::string_view header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type;  ///< empty with an empty body
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  ///< further ones
  /// For the metrics: the template of the path, one of a small number ("/v1/models/{name}"); empty:
  /// counted under "other".
  std::string route;
  /// For the access log: further members of its JSON object ("model", "pictures").
  std::vector<std::pair<std::string, std::string>> log;
};

/// To be called once, from any thread. Later calls, and calls after the client has gone, do
/// nothing.
using Respond = std::function<void(HttpResponse)>;

/// Answers a request, at once or later; if all copies of the Respond are destroyed without a call,
/// the answer is a 500. Is called on a thread of the server that other clients
/// share, so it must not compute; what it throws becomes a 500.
using Handler = std::function<void(HttpRequest, Respond)>;

/// Problem details, RFC 9457: {"type": "about:blank", "title", "status", "detail"}. On its way out
/// the server adds "instance", the request's id. Bytes that are not UTF-8 are replaced.
/// @param title   the kind of problem, the same each time: "Picture cannot be read"
/// @param detail  this one, and what to do: "shoe.gif: GIF ...; save it as PNG"
HttpResponse problem(int status, std::string_view title, std::string_view detail);

/// "Not Found"; "Unknown" for a status that has no name here.
std::string_view reason_phrase(int status);

}  // namespace thimble::serve
