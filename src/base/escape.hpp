// Text on its way into JSON, HTML and CSV.

#pragma once

#include <string>
#include <string_view>

namespace thimble {

/// The text with every byte that is not part of valid UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

/// Appends the text as a JSON string, in its quotes, valid UTF-8 whatever the text is.
void append_json_string(std::string& json, std::string_view text);

/// Text as the content of an element or of an attribute in double quotes.
std::string html_escaped(std::string_view text);

/// A field of CSV as RFC 4180 wants it: in quotes if it holds a comma, a quote or a line end,
/// quotes doubled.
std::string csv_field(std::string_view text);

}  // namespace thimble
