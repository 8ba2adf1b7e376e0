// The request target: what stands between the method and the version, "/v1/models/a%20b?top=3".

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace thimble::serve {

struct RequestTarget {
  std::string path;   ///< percent-decoded UTF-8, begins with '/'; or "*" (of OPTIONS)
  std::string query;  ///< behind the question mark, as sent
};

/// Of a hexadecimal digit, either case; -1 for anything else.
int hex_value(char c);

/// Text with its %XX replaced by the bytes they stand for; none where a % is followed by anything
/// else than two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

/// Takes a target apart (RFC 9112, section 3.2: origin form, absolute form or "*").
///
/// None where it is malformed, or would mean one thing to a proxy and another here: a bad escape,
/// an escaped slash, a control character, bytes that are not UTF-8, a fragment.
std::optional<RequestTarget> parse_request_target(std::string_view target);

}  // namespace thimble::serve
