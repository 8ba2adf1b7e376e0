// The man page, generated from the commands.

#pragma once

#include <string>

#include "cli/command_tree.hpp"

namespace thimble::cli {

/// thimble(1) in the man macros of troff.
std::string man_page(const CommandInfo& root);

}  // namespace thimble::cli
