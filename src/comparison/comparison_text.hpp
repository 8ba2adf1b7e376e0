// A comparison as text: for a terminal, and as Markdown for a README.

#pragma once

#include <string>

#include "comparison/comparison.hpp"

namespace thimble {

/// For each data set a table, the best model first, and what it says, in lines of at most 100
/// columns; at the end one data set against the other.
std::string to_text(const Comparison& comparison);

/// The same tables in Markdown.
/// @param command  what reproduces them
std::string to_markdown(const Comparison& comparison, const std::string& command);

}  // namespace thimble
