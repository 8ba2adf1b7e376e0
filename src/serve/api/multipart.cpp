#include "serve/api/multipart.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.hpp"
#include "serve/api/media_type.hpp"
#include "serve/api/request_error.hpp"
#include "serve/http/request_target.hpp"

namespace thimble::serve {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kMaxHeaderBytes = 4096;  // of one part
constexpr std::size_t kMaxBoundary = 70;       // RFC 2046, section 5.1.1

[[noreturn]] void refuse(const std::string& detail) {
  throw RequestError(400, "Form not understood", "multipart/form-data: " + detail);
}

std::string boundary_of(std::string_view content_type) {
  const std::optional<MediaType> media = parse_media_type(content_type);
  const std::string* boundary = media ? media->parameter("boundary") : nullptr;
  if (boundary == nullptr) {
    refuse(
        "Content-Type names no boundary; leave this header to your HTTP library, which knows it");
  }
  if (boundary->empty() || boundary->size() > kMaxBoundary) {
    refuse(fmt::format("a boundary of {} characters, expected 1 to {}", boundary->size(),
                       kMaxBoundary));
  }
  return *boundary;
}

/// What browsers write in names for the characters that would end them (the HTML standard,
/// "multipart/form-data encoding algorithm"); curl and Python do the same.
std::string unescaped(std::string text) {
  const auto replace = [&](std::string_view escape, char meant) {
    for (std::size_t at = text.find(escape); at != std::string::npos;
         at = text.find(escape, at + 1)) {
      text.replace(at, escape.size(), 1, meant);
    }
  };
  replace("%22", '"');
  replace("%0D", '\r');
  replace("%0A", '\n');
  return text;
}

/// filename*=UTF-8''na%C3%AFve.png (RFC 8187), which older Python libraries write.
std::optional<std::string> extended_value(const std::string& value) {
  const std::size_t charset = value.find('\'');
  if (charset == std::string::npos || to_lower(value.substr(0, charset)) != "utf-8") {
    return std::nullopt;
  }
  const std::size_t language = value.find('\'', charset + 1);
  if (language == std::string::npos) return std::nullopt;
  return percent_decode(std::string_view(value).substr(language + 1));
}

class Reader {
 public:
  Reader(std::string_view content_type, std::string_view body, std::size_t max_parts)
      : delimiter_("\r\n--" + boundary_of(content_type)), rest_(body), max_parts_(max_parts) {}

  std::vector<FormPart> read();

 private:
  void skip_preamble();
  bool at_end();
  FormPart read_part();
  void read_field(std::string_view line, FormPart& part);
  void read_disposition(std::string_view value, FormPart& part);
  [[noreturn]] void refuse_part(const std::string& detail) const {
    refuse(fmt::format("part {}: {}", number_, detail));
  }

  std::string delimiter_;
  std::string_view rest_;
  std::size_t max_parts_;
  std::size_t number_ = 0;  // of the part being read, from 1
};

std::vector<FormPart> Reader::read() {
  std::vector<FormPart> parts;
  skip_preamble();
  while (!at_end()) {
    if (parts.size() == max_parts_) {
      throw RequestError(
          413, "Too many parts",
          fmt::format("the form has more than {} parts; send several requests", max_parts_));
    }
    number_ = parts.size() + 1;
    parts.push_back(read_part());
  }
  return parts;
}

/// Up to behind the first boundary, which no line end needs to stand before.
void Reader::skip_preamble() {
  const std::string_view first = std::string_view(delimiter_).substr(kLineEnd.size());
  if (rest_.starts_with(first)) {
    rest_.remove_prefix(first.size());
    return;
  }
  const std::size_t at = rest_.find(delimiter_);
  if (at == std::string_view::npos) {
    refuse("the boundary that Content-Type names is not in the body");
  }
  rest_.remove_prefix(at + delimiter_.size());
}

/// Behind a boundary: does it close the form? Otherwise moves to the part's first line.
bool Reader::at_end() {
  if (rest_.starts_with("--")) return true;
  const std::size_t line_end = rest_.find(kLineEnd);
  if (line_end == std::string_view::npos) {
    refuse("the body ends before the closing boundary; was it cut short?");
  }
  if (!trim(rest_.substr(0, line_end)).empty()) refuse("a boundary is followed by other text");
  rest_.remove_prefix(line_end + kLineEnd.size());
  return false;
}

FormPart Reader::read_part() {
  FormPart part;
  const std::string_view header = rest_.substr(0, kMaxHeaderBytes);
  std::size_t at = 0;
  while (true) {
    const std::size_t end = header.find(kLineEnd, at);
    if (end == std::string_view::npos) {
      refuse_part(header.size() == kMaxHeaderBytes
                      ? fmt::format("its header has more than {} bytes", kMaxHeaderBytes)
                      : "its header does not end");
    }
    if (end == at) break;
    read_field(header.substr(at, end - at), part);
    at = end + kLineEnd.size();
  }
  if (part.name.empty()) refuse_part("no Content-Disposition: form-data; name=\"...\"");
  // The line end before the boundary belongs to it: of an empty part it is the header's own.
  rest_.remove_prefix(at);
  const std::size_t end = rest_.find(delimiter_);
  if (end == std::string_view::npos) {
    refuse_part("no boundary follows; was the body cut short?");
  }
  part.content = end == 0 ? std::string_view() : rest_.substr(2, end - 2);
  rest_.remove_prefix(end + delimiter_.size());
  return part;
}

void Reader::read_field(std::string_view line, FormPart& part) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) refuse_part("a line of its header has no colon");
  const std::string name = to_lower(line.substr(0, colon));
  const std::string_view value = trim(line.substr(colon + 1));
  if (name == "content-disposition") {
    if (!part.name.empty()) refuse_part("two Content-Disposition");
    read_disposition(value, part);
  } else if (name == "content-transfer-encoding") {
    const std::string encoding = to_lower(value);
    if (encoding != "binary" && encoding != "8bit" && encoding != "7bit") {
      refuse_part(
          fmt::format("Content-Transfer-Encoding {}; forms send files as they are "
                      "(RFC 7578, section 4.7)",
                      value.substr(0, 40)));
    }
  }
}

void Reader::read_disposition(std::string_view value, FormPart& part) {
  const std::optional<MediaType> disposition = parse_media_type(value);
  if (!disposition || disposition->type != "form-data") {
    refuse_part("Content-Disposition is not form-data; name=\"...\"");
  }
  if (const std::string* name = disposition->parameter("name")) part.name = unescaped(*name);
  if (const std::string* file = disposition->parameter("filename")) {
    part.has_file_name = true;
    part.file_name = unescaped(*file);
  }
  if (const std::string* file = disposition->parameter("filename*")) {
    const std::optional<std::string> decoded = extended_value(*file);
    if (!decoded) refuse_part("filename* is not UTF-8''... (RFC 8187)");
    part.has_file_name = true;
    part.file_name = *decoded;
  }
}

}  // namespace

std::vector<FormPart> parse_multipart(std::string_view content_type, std::string_view body,
                                      std::size_t max_parts) {
  return Reader(content_type, body, max_parts).read();
}

}  // namespace thimble::serve
