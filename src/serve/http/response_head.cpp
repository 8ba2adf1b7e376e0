#include "serve/http/response_head.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/text.hpp"

namespace thimble::serve {
namespace {

struct Field {
  std::string_view name;  ///< in lower case
  std::string_view line;
};

// The page loads nothing from anywhere else, shows pictures that it made itself (data:, blob:), and
// is shown within no other page.
constexpr std::array kFields{
    Field{"server", "Server: thimble\r\n"},
    Field{"x-content-type-options", "X-Content-Type-Options: nosniff\r\n"},
    Field{"referrer-policy", "Referrer-Policy: no-referrer\r\n"},
    Field{"x-frame-options", "X-Frame-Options: DENY\r\n"},
    Field{"cross-origin-opener-policy", "Cross-Origin-Opener-Policy: same-origin\r\n"},
    Field{"cross-origin-resource-policy", "Cross-Origin-Resource-Policy: same-origin\r\n"},
    Field{"permissions-policy", "Permissions-Policy: camera=(self)\r\n"},
    Field{"content-security-policy",
          "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
          "img-src 'self' data: blob:; connect-src 'self'; media-src 'self' blob:; "
          "form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n"}};

const std::string& all_fields() {
  static const std::string lines = [] {
    std::string all;
    for (const Field& field : kFields) all += field.line;
    return all;
  }();
  return lines;
}

bool frames_the_message(std::string_view name) {
  for (const std::string_view reserved :
       {"connection", "content-length", "content-type", "date", "keep-alive", "transfer-encoding",
        "upgrade", "x-request-id"}) {
    if (name == reserved) return true;
  }
  return false;
}

/// A value that came from a client must not begin a line of its own.
void append_value(std::string_view value, std::string& out) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    out += (byte < 0x20 && c != '\t') || byte == 0x7F ? ' ' : c;
  }
}

void append_further_fields(const HttpResponse& response, std::string& out) {
  if (response.headers.empty()) {
    out += all_fields();
    return;
  }
  std::vector<std::string> own;
  for (const auto& [name, value] : response.headers) {
    own.push_back(to_lower(name));
    if (frames_the_message(own.back())) continue;
    append_value(name, out);
    out += ": ";
    append_value(value, out);
    out += "\r\n";
  }
  for (const Field& field : kFields) {
    if (std::find(own.begin(), own.end(), field.name) == own.end()) out += field.line;
  }
}

}  // namespace

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

void append_response_head(const HttpResponse& response, const ResponseHead& head,
                          std::string& out) {
  const auto to = std::back_inserter(out);
  fmt::format_to(to, "HTTP/1.1 {} {}\r\nDate: {}\r\nX-Request-Id: {}\r\n", response.status,
                 reason_phrase(response.status), head.date, head.id);
  if (may_have_body(response.status)) {
    fmt::format_to(to, "Content-Length: {}\r\n", response.body.size());
    if (!response.content_type.empty()) {
      out += "Content-Type: ";
      append_value(response.content_type, out);
      out += "\r\n";
    }
  }
  if (head.close) {
    out += "Connection: close\r\n";
  } else if (head.http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  append_further_fields(response, out);
  out += "\r\n";
}

std::string http_date(std::time_t time) {
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&time, &utc);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                     kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

}  // namespace thimble::serve
