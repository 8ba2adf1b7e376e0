#include "models/recipe_toml.hpp"

#include <cmath>
#include <sstream>
#include <vector>

#include <toml++/toml.h>

#include "base/error.hpp"

namespace thimble {
namespace {

using nlohmann::json;

[[noreturn]] void fail_at(const std::string& place, const toml::source_position& position,
                          std::string_view problem) {
  throw DataError(place + ", line " + std::to_string(position.line) + ", column " +
                  std::to_string(position.column) + ": " + std::string(problem));
}

json to_json(const toml::node& node, const std::string& place) {
  switch (node.type()) {
    case toml::node_type::table: {
      json table = json::object();
      for (const auto& [key, value] : *node.as_table()) {
        table[std::string(key.str())] = to_json(value, place);
      }
      return table;
    }
    case toml::node_type::array: {
      json list = json::array();
      for (const toml::node& value : *node.as_array()) list.push_back(to_json(value, place));
      return list;
    }
    case toml::node_type::string:
      return node.as_string()->get();
    case toml::node_type::integer: {
      // Unsigned where possible, as JSON's own parser does, so that equal values compare equal.
      const std::int64_t value = node.as_integer()->get();
      return value < 0 ? json(value) : json(static_cast<std::uint64_t>(value));
    }
    case toml::node_type::floating_point:
      return node.as_floating_point()->get();
    case toml::node_type::boolean:
      return node.as_boolean()->get();
    default:
      fail_at(place, node.source().begin, "a date or time has no use here");
  }
}

bool is_bare(std::string_view key) {
  return !key.empty() && key.find_first_not_of(
                             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
                             std::string_view::npos;
}

/// A TOML basic string; its escapes are those of JSON, and DEL.
std::string quoted(const std::string& text) {
  std::string escaped;
  try {
    for (const char c : json(text).dump()) {
      if (c == '\x7f') {
        escaped += "\\u007F";
      } else {
        escaped += c;
      }
    }
  } catch (const json::exception&) {
    throw UsageError("a setting's text is not valid UTF-8");
  }
  return escaped;
}

void write_table(const json& table, const std::string& path, std::ostream& out) {
  for (const auto& [key, value] : table.items()) {
    if (value.is_object() || value.is_null()) continue;
    out << toml_key(key) << " = " << toml_value(value) << "\n";
  }
  for (const auto& [key, value] : table.items()) {
    if (!value.is_object()) continue;
    const std::string inner = path.empty() ? toml_key(key) : path + "." + toml_key(key);
    out << "\n[" << inner << "]\n";
    write_table(value, inner, out);
  }
}

}  // namespace

std::string toml_key(const std::string& key) { return is_bare(key) ? key : quoted(key); }

std::string toml_value(const json& value) {
  if (value.is_string()) return quoted(value.get<std::string>());
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    return std::isnan(value.get<double>()) ? "nan" : value.get<double>() > 0 ? "inf" : "-inf";
  }
  std::string text;
  if (value.is_array()) {
    for (const json& element : value) text += (text.empty() ? "" : ", ") + toml_value(element);
    return "[" + text + "]";
  }
  if (value.is_object()) {
    for (const auto& [key, inner] : value.items()) {
      text += (text.empty() ? " " : ", ") + toml_key(key) + " = " + toml_value(inner);
    }
    return "{" + text + " }";
  }
  return value.dump();
}

json parse_toml(std::string_view text, const std::string& place) {
  try {
    return to_json(toml::parse(text, std::string_view(place)), place);
  } catch (const toml::parse_error& error) {
    fail_at(place, error.source().begin, error.description());
  }
}

std::optional<json> parse_toml_value(std::string_view text) {
  try {
    const json table = parse_toml("value = " + std::string(text), "value");
    // More than one key: the text held a line end and went on with something else.
    if (table.size() == 1 && table.contains("value")) return table.at("value");
  } catch (const DataError&) {
  }
  return std::nullopt;
}

std::string to_toml(const json& table) {
  std::ostringstream out;
  write_table(table, "", out);
  return out.str();
}

}  // namespace thimble
