#include "serve/api/static_files.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "data/gzip.hpp"

namespace thimble::serve {
namespace {

struct KnownType {
  std::string_view ending;
  std::string_view type;
};

constexpr std::array kTypes{
    KnownType{".html", "text/html; charset=utf-8"},
    KnownType{".css", "text/css; charset=utf-8"},
    KnownType{".js", "text/javascript; charset=utf-8"},
    KnownType{".json", "application/json"},
    KnownType{".svg", "image/svg+xml"},
    KnownType{".png", "image/png"},
};

std::string compress(std::string_view type, const std::string& content) {
  if (type == "image/png") return "";
  std::string compressed =
      gzip(std::span(reinterpret_cast<const std::uint8_t*>(content.data()), content.size()));
  return compressed.size() < content.size() * 9 / 10 ? compressed : "";
}

/// Does If-None-Match name the tag (RFC 9110, section 13.1.2: weak comparison)?
bool names_tag(std::string_view if_none_match, const std::string& quoted_tag) {
  for (const std::string& piece : split(if_none_match, ',')) {
    std::string_view tag = trim(piece);
    if (tag == "*") return true;
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == quoted_tag) return true;
  }
  return false;
}

}  // namespace

std::string_view media_type_of(std::string_view name) {
  for (const KnownType& known : kTypes) {
    if (name.ends_with(known.ending)) return known.type;
  }
  return "";
}

bool accepts_gzip(std::string_view accept_encoding) {
  for (const std::string& piece : split(accept_encoding, ',')) {
    const std::vector<std::string> words = split(piece, ';');
    if (to_lower(trim(words.front())) != "gzip") continue;
    // q=0, q=0.0, ...: not acceptable.
    const std::string_view quality = words.size() > 1 ? trim(words[1]) : std::string_view();
    return !quality.starts_with("q=0") ||
           quality.find_first_of("123456789") != std::string_view::npos;
  }
  return false;
}

StaticFile::StaticFile(std::string_view name, std::string content, std::string cache_control)
    : type_(media_type_of(name)),
      cache_control_(std::move(cache_control)),
      content_(std::move(content)),
      compressed_(compress(type_, content_)),
      tag_(sha256_hex(std::as_bytes(std::span(content_))).substr(0, 16)) {}

HttpResponse StaticFile::answer(const HttpRequest& request) const {
  const bool compressed = !compressed_.empty() && accepts_gzip(request.header("accept-encoding"));
  const std::string tag = fmt::format("\"{}{}\"", tag_, compressed ? "-gzip" : "");
  HttpResponse response;
  response.headers = {{"ETag", tag}, {"Cache-Control", cache_control_}};
  if (!compressed_.empty()) response.headers.emplace_back("Vary", "Accept-Encoding");
  if (names_tag(request.header("if-none-match"), tag)) {
    response.status = 304;
    return response;
  }
  if (compressed) response.headers.emplace_back("Content-Encoding", "gzip");
  response.content_type = type_;
  response.body = compressed ? compressed_ : content_;
  return response;
}

}  // namespace thimble::serve
