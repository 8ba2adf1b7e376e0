// Is it text?

#pragma once

#include <string_view>

namespace thimble::serve {

/// Is it well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF)?
bool is_utf8(std::string_view text);

}  // namespace thimble::serve
