#include "serve/api/query_string.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.hpp"
#include "serve/api/request_error.hpp"
#include "serve/http/request_target.hpp"

namespace thimble::serve {
namespace {

std::string decoded(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  std::optional<std::string> plain = percent_decode(spaced);
  if (!plain) {
    throw RequestError(400, "Query not understood",
                       fmt::format("'{}' in the query: a % must be followed by two hexadecimal "
                                   "digits; a % itself is written %25",
                                   text.substr(0, 80)));
  }
  return *std::move(plain);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  if (query.empty()) return parameters;
  for (const std::string& piece : split(query, '&')) {
    if (piece.empty()) continue;
    const std::size_t equals = std::min(piece.find('='), piece.size());
    const std::string_view view(piece);
    parameters.emplace_back(
        decoded(view.substr(0, equals)),
        equals == piece.size() ? std::string() : decoded(view.substr(equals + 1)));
  }
  return parameters;
}

}  // namespace thimble::serve
