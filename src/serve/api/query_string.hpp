// The query of a request target, as forms write it: "top=3&model=cnn".

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thimble::serve {

/// Names and values in their order, decoded ('+' is a space).
/// @throws RequestError  400, if a percent sign is not followed by two hexadecimal digits
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query);

}  // namespace thimble::serve
