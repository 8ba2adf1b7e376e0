// Bodies of forms with files: multipart/form-data (RFC 7578, on RFC 2046 section 5.1).

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace thimble::serve {

struct FormPart {
  std::string name;  ///< the field's
  bool has_file_name = false;
  std::string file_name;     ///< as sent: any bytes
  std::string_view content;  ///< within the body
};

/// Takes a body apart. Copies nothing of the parts' contents.
///
/// @param content_type  with its boundary
/// @throws RequestError  400, if it is malformed or cut short (names the part); 413, if there are
///                       more than `max_parts`
std::vector<FormPart> parse_multipart(std::string_view content_type, std::string_view body,
                                      std::size_t max_parts);

}  // namespace thimble::serve
