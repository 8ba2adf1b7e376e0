// Any body, content type and query as a classification's request. The first byte says which form
// the body has, the first line is the query.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/escape.hpp"
#include "serve/api/classify_request.hpp"
#include "serve/api/request_error.hpp"

namespace {

constexpr std::size_t kMaxPictures = 3;

const char* content_type(std::uint8_t kind) {
  switch (kind % 4) {
    case 0:
      return "application/json";
    case 1:
      return "multipart/form-data; boundary=X";
    case 2:
      return "image/png";
    default:
      return "";
  }
}

void check(const thimble::serve::ClassifyRequest& parsed) {
  if (parsed.job.pictures.empty() || parsed.job.pictures.size() > kMaxPictures) std::abort();
  if (parsed.top < 1) std::abort();
  for (const auto& picture : parsed.job.pictures) {
    if (picture.name.empty() || thimble::valid_utf8(picture.name) != picture.name) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  thimble::serve::HttpRequest request;
  const std::size_t line = std::min(text.find('\n'), text.size());
  request.query = text.substr(0, line);
  text.remove_prefix(std::min(line + 1, text.size()));
  std::string type = content_type(data[0]);
  if (type.empty()) {
    // The type is the fuzzer's, too: the second line.
    const std::size_t end = std::min(text.find('\n'), text.size());
    type = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  request.headers.emplace_back("content-type", type);
  request.body = text;
  thimble::serve::HttpRequest again = request;
  try {
    check(thimble::serve::parse_classify_request(request, kMaxPictures));
  } catch (const thimble::serve::RequestError&) {
  }
  try {
    check(thimble::serve::parse_classify_form(again, kMaxPictures).request);
  } catch (const thimble::serve::RequestError&) {
  }
  return 0;
}
