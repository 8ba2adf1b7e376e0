// Any bytes as HTTP requests on one connection: what comes of them must not depend on the pieces in
// which they come.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "serve/http/request_parser.hpp"

namespace {

using thimble::serve::HttpRequest;
using thimble::serve::RequestParser;

constexpr thimble::serve::RequestLimits kLimits{512, 1024};

/// All that was read, in pieces of `piece` bytes.
std::string read(std::string_view bytes, std::size_t piece) {
  std::string told;
  RequestParser parser(kLimits);
  while (!bytes.empty() && parser.stage() != RequestParser::Stage::refused) {
    bytes.remove_prefix(parser.feed(bytes.substr(0, piece)));
    if (parser.stage() != RequestParser::Stage::complete) continue;
    const HttpRequest& request = parser.request();
    if (request.body.size() > kLimits.body_bytes) std::abort();
    told += request.method + ' ' + request.path + '?' + request.query + '\n';
    for (const auto& [name, value] : request.headers) told += name + ": " + value + '\n';
    told += request.body + (parser.keep_alive() ? "\n+" : "\n-");
    parser = RequestParser(kLimits);
  }
  if (parser.stage() == RequestParser::Stage::refused) {
    told += std::to_string(parser.refusal().response.status);
  }
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = read(bytes, std::max<std::size_t>(size, 1));
  if (read(bytes, 1) != whole || read(bytes, 7) != whole) std::abort();
  return 0;
}
