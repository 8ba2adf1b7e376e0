// Words of a command line that a message tells people to type.

#pragma once

#include <string>

namespace thimble {

/// `text` as a POSIX shell takes it: in single quotes unless it needs none.
std::string shell_word(const std::string& text);

}  // namespace thimble
