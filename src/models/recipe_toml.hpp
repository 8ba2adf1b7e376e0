// TOML text to a JSON tree and back: recipes are written in the one and handled as the other.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace thimble {

/// The tables and values of a TOML document.
/// @param place  names the text in messages
/// @throws DataError  if it is not valid TOML, or holds a date or time; names line and column
nlohmann::json parse_toml(std::string_view text, const std::string& place);

/// One value as TOML writes it: 0.01, true, "text", [1, 2]. Empty if `text` is none.
std::optional<nlohmann::json> parse_toml_value(std::string_view text);

/// A value and a key as TOML writes them: [1, 2], learning_rate, "a key".
/// @throws UsageError  if a text is not valid UTF-8
std::string toml_value(const nlohmann::json& value);
std::string toml_key(const std::string& key);

/// A JSON object as a TOML document, keys in alphabetical order; nulls are left out.
/// @throws UsageError  if a text is not valid UTF-8
std::string to_toml(const nlohmann::json& table);

}  // namespace thimble
