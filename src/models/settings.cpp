#include "models/settings.hpp"

#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "base/text.hpp"

namespace thimble {
namespace {

using nlohmann::json;

const json kNothing;

const char* name_of(const json& value) {
  return value.is_object() ? "a table" : value.is_array() ? "a list" : "nothing";
}

/// A value for a message: numbers and texts as written, others by kind.
std::string shown(const json& value) {
  if (!value.is_primitive() || value.is_null()) return name_of(value);
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    return std::isnan(value.get<double>()) ? "nan" : "inf";
  }
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string expected(const json& value, const std::string& what) {
  return "got " + shown(value) + ", expected " + what;
}

std::string quoted_list(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "\"" : ", \"") + word + "\"";
  return text;
}

}  // namespace

Settings::Settings(const json& table, std::string path) : table_(table), path_(std::move(path)) {
  if (!table.is_null() && !table.is_object()) {
    throw UsageError(path_ + ": " + expected(table, "a table, as in [" + path_ + "]"));
  }
}

void Settings::read(std::string_view key, double& value) {
  const json* found = find(key);
  if (!found) return;
  if (!found->is_number() || !std::isfinite(found->get<double>())) {
    refuse(key, expected(*found, "a number"));
  }
  value = found->get<double>();
}

void Settings::read(std::string_view key, int& value) {
  if (const json* found = find(key)) value = whole_number(key, *found);
}

void Settings::read(std::string_view key, std::vector<int>& value) {
  const json* found = find(key);
  if (!found) return;
  if (!found->is_array() && !found->is_number()) {
    refuse(key, expected(*found, "a list of whole numbers"));
  }
  std::vector<int> numbers;
  if (!found->is_array()) numbers.push_back(whole_number(key, *found));
  if (found->is_array()) {
    for (const json& element : *found) numbers.push_back(whole_number(key, element));
  }
  value = std::move(numbers);
}

void Settings::read(std::string_view key, std::uint64_t& value) {
  const json* found = find(key);
  if (!found) return;
  const bool fits = found->is_number_unsigned() ||
                    (found->is_number_integer() && found->get<std::int64_t>() >= 0);
  if (!fits) refuse(key, expected(*found, "a whole number, 0 or more"));
  value = found->get<std::uint64_t>();
}

void Settings::read(std::string_view key, bool& value) {
  const json* found = find(key);
  if (!found) return;
  if (!found->is_boolean()) refuse(key, expected(*found, "true or false"));
  value = found->get<bool>();
}

void Settings::read(std::string_view key, std::string& value) {
  const json* found = find(key);
  if (!found) return;
  if (!found->is_string()) refuse(key, expected(*found, "a text in quotes"));
  value = found->get<std::string>();
}

void Settings::read(std::string_view key, std::vector<std::string>& value) {
  const json* found = find(key);
  if (!found) return;
  if (!found->is_array()) refuse(key, expected(*found, "a list of texts"));
  std::vector<std::string> texts;
  for (const json& element : *found) {
    if (!element.is_string()) refuse(key, expected(element, "only texts in the list"));
    texts.push_back(element.get<std::string>());
  }
  value = std::move(texts);
}

void Settings::read(std::string_view key, json& value) {
  const json* found = find(key);
  if (!found) return;
  const bool plain =
      found->is_string() || (found->is_number() && std::isfinite(found->get<double>()));
  if (!plain) refuse(key, expected(*found, "a number or a word"));
  value = *found;
}

void Settings::read_choice(std::string_view key, std::string& value,
                           const std::vector<std::string>& choices) {
  std::string chosen = value;
  read(key, chosen);
  if (!has(key)) return;
  for (const std::string& choice : choices) {
    if (chosen != choice) continue;
    value = chosen;
    return;
  }
  const std::string meant = nearest(chosen, choices);
  refuse(key, meant.empty() ? "got \"" + chosen + "\", expected one of " + quoted_list(choices)
                            : "got \"" + chosen + "\"; did you mean \"" + meant + "\"?");
}

const json& Settings::table(std::string_view key) {
  const json* found = find(key);
  if (!found) return kNothing;
  if (!found->is_object()) {
    refuse(key, expected(*found, "a table, as in [" + full(key) + "]"));
  }
  return *found;
}

bool Settings::has(std::string_view key) const {
  return table_.is_object() && table_.find(key) != table_.end();
}

void Settings::refuse(std::string_view key, const std::string& problem) const {
  throw UsageError(full(key) + ": " + problem);
}

void Settings::finish() const {
  if (!table_.is_object()) return;
  for (const auto& [key, value] : table_.items()) {
    if (known_.contains(key)) continue;
    // Only the last part counts for likeness: the path before it is the same for all.
    const std::vector<std::string> known(known_.begin(), known_.end());
    const std::string meant = nearest(key, known);
    if (!meant.empty()) {
      throw UsageError("unknown key '" + full(key) + "'; did you mean '" + full(meant) + "'?");
    }
    std::string list;
    for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
    throw UsageError("unknown key '" + full(key) + "'; known are " + list);
  }
}

int Settings::whole_number(std::string_view key, const json& value) const {
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();
  const bool fits = value.is_number_unsigned()
                        ? value.get<std::uint64_t>() <= std::uint64_t{kMost}
                        : value.is_number_integer() && value.get<std::int64_t>() >= -kMost &&
                              value.get<std::int64_t>() <= kMost;
  if (!fits) {
    refuse(key, expected(value, "a whole number" + std::string(value.is_number_integer()
                                                                   ? " of at most 2147483647"
                                                                   : "")));
  }
  return value.get<int>();
}

const json* Settings::find(std::string_view key) {
  known_.emplace(key);
  if (!table_.is_object()) return nullptr;
  const auto found = table_.find(key);
  return found == table_.end() ? nullptr : &*found;
}

std::string Settings::full(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

}  // namespace thimble
