// The value of a Content-Type or Content-Disposition: "multipart/form-data; boundary=x".

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thimble::serve {

struct MediaType {
  std::string type;  ///< in lower case, "multipart/form-data"; may be empty
  std::vector<std::pair<std::string, std::string>> parameters;  ///< names in lower case, unquoted

  /// The value of a parameter; null where there is none.
  const std::string* parameter(std::string_view name) const;
};

/// Takes such a value apart (RFC 9110, section 5.6.6); none where its parameters are malformed or
/// one is given twice.
std::optional<MediaType> parse_media_type(std::string_view value);

}  // namespace thimble::serve
