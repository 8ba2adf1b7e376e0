// Small things done to text in more than one place.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thimble {

/// The candidate nearest to `word` in edit distance, or "" if none is near enough to be a likely
/// slip of the hand (more than a third of the letters differ).
std::string nearest(std::string_view word, std::span<const std::string> candidates);

/// "unknown recipe key 'epoch'; did you mean 'epochs'?", or the list of candidates where none is
/// near. `what` is the noun: "recipe key", "data set".
std::string unknown_name(std::string_view what, std::string_view word,
                         std::span<const std::string> candidates);

/// "980 B", "30.9 MB": decimal units, three significant digits.
std::string format_bytes(std::uint64_t bytes);

/// "0.8 s", "42 s", "3 min 07 s", "2 h 05 min".
std::string format_duration(double seconds);

/// "60,000".
std::string format_count(std::uint64_t count);

/// Lower-case ASCII copy.
std::string to_lower(std::string_view text);

/// A name for a file or folder: lower-case letters, digits and hyphens; "model" if none are left.
std::string file_name_for(std::string_view text);

/// Pieces between separators, empty ones kept.
std::vector<std::string> split(std::string_view text, char separator);

/// Without spaces, tabs and line ends at both ends.
std::string_view trim(std::string_view text);

}  // namespace thimble
