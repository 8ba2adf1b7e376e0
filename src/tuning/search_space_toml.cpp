// Search spaces as text and as files.

#include <algorithm>
#include <cmath>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "models/recipe_toml.hpp"
#include "tuning/search_space.hpp"

namespace thimble::tuning {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::uint64_t kLargestSpace = 1'000'000;  // bytes; far more than anybody writes by hand
constexpr const char* kRangeOrList =
    "expected a range { low = 0.1, high = 1.0 } or a list of values [0.1, 1.0]";

[[noreturn]] void refuse(const std::string& key, const std::string& problem) {
  throw UsageError(key + ": " + problem);
}

/// A leaf with its condition as written, which can only be understood once all parameters are read.
struct Entry {
  Parameter parameter;
  json when;
};

double number(const json& leaf, const char* name, const std::string& key) {
  const auto found = leaf.find(name);
  if (found == leaf.end()) refuse(key, std::string("no ") + name + "; " + kRangeOrList);
  if (!found->is_number()) {
    refuse(key, fmt::format("{} is {}, expected a number", name, toml_value(*found)));
  }
  return found->get<double>();
}

bool is_whole(const json& leaf, const std::string& key) {
  const auto whole = leaf.find("whole");
  if (whole == leaf.end()) {
    return leaf.contains("step") && leaf.at("low").is_number_integer() &&
           leaf.at("high").is_number_integer() && leaf.at("step").is_number_integer();
  }
  if (!whole->is_boolean()) {
    refuse(key, "whole is " + toml_value(*whole) + ", expected true or false");
  }
  return whole->get<bool>();
}

bool is_log(const json& leaf, const std::string& key) {
  const auto scale = leaf.find("scale");
  if (scale == leaf.end() || *scale == "linear") return false;
  if (*scale != "log") {
    refuse(key, "scale is " + toml_value(*scale) + ", expected \"linear\" or \"log\"");
  }
  return true;
}

void refuse_unknown(const json& leaf, const std::vector<std::string>& known,
                    const std::string& key) {
  for (const auto& [name, value] : leaf.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      refuse(key, unknown_name("key", name, known));
    }
  }
}

Parameter read_range(const json& leaf, const std::string& key) {
  refuse_unknown(leaf, {"low", "high", "scale", "whole", "step", "when"}, key);
  Parameter parameter;
  parameter.key = key;
  parameter.low = number(leaf, "low", key);
  parameter.high = number(leaf, "high", key);
  if (leaf.contains("step")) {
    parameter.step = number(leaf, "step", key);
    if (parameter.step == 0) refuse(key, "step is 0, expected more than 0");
  }
  parameter.log = is_log(leaf, key);
  parameter.kind = is_whole(leaf, key) ? Parameter::Kind::integer : Parameter::Kind::real;
  return parameter;
}

Parameter read_choice(const json& values, const std::string& key) {
  if (!values.is_array()) {
    refuse(key, "values is " + toml_value(values) + ", expected a list");
  }
  Parameter parameter;
  parameter.key = key;
  parameter.kind = Parameter::Kind::choice;
  parameter.choices = values.get<std::vector<json>>();
  return parameter;
}

/// Whether a table is a leaf of the space, not a table of the recipe.
bool is_leaf(const json& table) {
  const auto is_value = [&](const char* name) {
    return table.contains(name) && !table.at(name).is_object();
  };
  return is_value("low") || is_value("high") || is_value("values");
}

void read_entries(const json& node, const std::string& key, std::vector<Entry>& entries) {
  if (node.is_array()) {
    entries.push_back({read_choice(node, key), json()});
  } else if (!node.is_object()) {
    refuse(key, "got " + toml_value(node) + ", " + kRangeOrList);
  } else if (!is_leaf(node)) {
    for (const auto& [name, inner] : node.items()) {
      read_entries(inner, key.empty() ? name : key + "." + name, entries);
    }
  } else {
    if (node.contains("values")) {
      refuse_unknown(node, {"values", "when"}, key);
      entries.push_back({read_choice(node.at("values"), key), json()});
    } else {
      entries.push_back({read_range(node, key), json()});
    }
    if (node.contains("when")) entries.back().when = node.at("when");
  }
}

/// One value of the parameter `named` or a list of such; a list may itself be a value.
std::vector<json> wanted_values(const json& text, const std::vector<Entry>& entries,
                                const std::string& named) {
  if (!text.is_array()) return {text};
  for (const Entry& entry : entries) {
    const std::vector<json>& choices = entry.parameter.choices;
    if (entry.parameter.key == named &&
        std::find(choices.begin(), choices.end(), text) != choices.end()) {
      return {text};
    }
  }
  return text.get<std::vector<json>>();
}

/// `when = { "optimizer.name" = "sgd" }`; without the quotes TOML makes tables of it.
Condition read_condition(const json& when, const std::string& key,
                         const std::vector<Entry>& entries) {
  std::string named;
  const json* place = &when;
  while (place->is_object() && place->size() == 1) {
    named += (named.empty() ? "" : ".") + place->begin().key();
    place = &place->begin().value();
  }
  if (named.empty() || place->is_object()) {
    refuse(key, "when is " + toml_value(when) +
                    ", expected one key with its value, such as { \"optimizer.name\" = \"sgd\" }");
  }
  return {named, wanted_values(*place, entries, named)};
}

/// A range's number; those of whole numbers without the ".0", which JSON writes.
std::string number_text(const Parameter& parameter, double value) {
  return parameter.kind == Parameter::Kind::integer ? fmt::format("{:.0f}", value)
                                                    : toml_value(json(value));
}

std::string leaf_text(const Parameter& parameter) {
  if (parameter.kind == Parameter::Kind::choice) {
    const std::string values = toml_value(json(parameter.choices));
    return parameter.condition ? "values = " + values : values;
  }
  std::string text = "low = " + number_text(parameter, parameter.low) +
                     ", high = " + number_text(parameter, parameter.high);
  if (parameter.log) text += ", scale = \"log\"";
  if (parameter.kind == Parameter::Kind::integer) text += ", whole = true";
  if (parameter.step > 0) text += ", step = " + number_text(parameter, parameter.step);
  return text;
}

std::string condition_text(const Condition& condition) {
  return fmt::format(", when = {{ {} = {} }}", toml_value(json(condition.key)),
                     toml_value(json(condition.values)));
}

std::string dotted_key(const std::string& key) {
  std::string text;
  for (const std::string& part : split(key, '.')) {
    if (!text.empty()) text += '.';
    text += toml_key(part);
  }
  return text;
}

fs::path spaces_folder() { return recipes_folder() / "spaces"; }

}  // namespace

SearchSpace SearchSpace::parse(std::string_view text, const std::string& place) {
  const json document = parse_toml(text, place);
  try {
    std::vector<Entry> entries;
    read_entries(document, "", entries);
    std::vector<Parameter> parameters;
    for (const Entry& entry : entries) {
      parameters.push_back(entry.parameter);
      if (!entry.when.is_null()) {
        parameters.back().condition = read_condition(entry.when, entry.parameter.key, entries);
      }
    }
    return SearchSpace(std::move(parameters));
  } catch (const UsageError& error) {
    throw UsageError(place + ": " + error.what());
  }
}

std::string SearchSpace::to_toml() const {
  std::string text;
  for (const Parameter& parameter : parameters_) {
    std::string leaf = leaf_text(parameter);
    if (parameter.condition) leaf += condition_text(*parameter.condition);
    const bool plain_list = parameter.kind == Parameter::Kind::choice && !parameter.condition;
    text += fmt::format("{} = {}\n", dotted_key(parameter.key),
                        plain_list ? leaf : fmt::format("{{ {} }}", leaf));
  }
  return text;
}

std::vector<std::string> search_space_names() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(spaces_folder(), error)) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

SearchSpace load_search_space(const std::string& name_or_path) {
  fs::path path = name_or_path;
  if (path.extension() != ".toml" && name_or_path.find('/') == std::string::npos) {
    path = spaces_folder() / (name_or_path + ".toml");
    std::error_code error;
    if (name_or_path.empty() || !fs::exists(path, error)) {
      std::string names;
      for (const std::string& name : search_space_names()) {
        names += (names.empty() ? "" : ", ") + name;
      }
      throw UsageError("no search space for the recipe '" + name_or_path + "'; name a .toml file" +
                       (names.empty() ? "" : "; there are spaces for " + names));
    }
  }
  return SearchSpace::parse(read_file(path, kLargestSpace), path.string());
}

}  // namespace thimble::tuning
