#include "tuning/search_space.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "models/recipe_toml.hpp"

namespace thimble::tuning {
namespace {

using nlohmann::json;

/// Doubles hold every whole number up to here.
constexpr double kLargestWhole = 9007199254740992;  // 2^53

[[noreturn]] void refuse(const Parameter& parameter, const std::string& problem) {
  throw UsageError(parameter.key + ": " + problem);
}

void check_whole(const Parameter& parameter, const char* name, double value) {
  if (value != std::floor(value) || std::abs(value) > kLargestWhole) {
    refuse(parameter, fmt::format("{} is {}, expected a whole number", name, value));
  }
}

void check_range(const Parameter& parameter) {
  if (!std::isfinite(parameter.low) || !std::isfinite(parameter.high) ||
      !std::isfinite(parameter.high - parameter.low)) {
    refuse(parameter,
           fmt::format("the range from {} to {} has no end", parameter.low, parameter.high));
  }
  if (parameter.low >= parameter.high) {
    refuse(parameter, fmt::format("low is {} and high {}, expected low to be the smaller",
                                  parameter.low, parameter.high));
  }
  if (parameter.log && parameter.low <= 0) {
    refuse(parameter,
           fmt::format("low is {}, and only numbers above 0 have a logarithm", parameter.low));
  }
  if (parameter.kind == Parameter::Kind::integer) {
    check_whole(parameter, "low", parameter.low);
    check_whole(parameter, "high", parameter.high);
    check_whole(parameter, "step", parameter.step);
  }
  if (!std::isfinite(parameter.step) || parameter.step < 0) {
    refuse(parameter, fmt::format("step is {}, expected more than 0", parameter.step));
  }
  if (parameter.step > parameter.high - parameter.low) {
    refuse(parameter, fmt::format("step is {}, more than from {} to {}", parameter.step,
                                  parameter.low, parameter.high));
  }
  if (parameter.step > 0 && parameter.log) {
    refuse(parameter, "a logarithmic scale has no step");
  }
  if (parameter.step > 0 && (parameter.high - parameter.low) / parameter.step > kLargestWhole) {
    refuse(parameter, fmt::format("step is {}, too small for the range", parameter.step));
  }
}

/// A plain value, or a list of such.
bool can_be_chosen(const json& value) {
  if (value.is_array()) return std::all_of(value.begin(), value.end(), can_be_chosen);
  return value.is_string() || value.is_number() || value.is_boolean();
}

void check_choices(const Parameter& parameter) {
  if (parameter.choices.empty()) refuse(parameter, "the list of values is empty");
  for (auto value = parameter.choices.begin(); value != parameter.choices.end(); ++value) {
    if (!can_be_chosen(*value)) {
      refuse(parameter, fmt::format("a value is {}, expected a text, number, boolean or list",
                                    toml_value(*value)));
    }
    if (std::find(parameter.choices.begin(), value, *value) != value) {
      refuse(parameter, fmt::format("the value {} is listed twice", toml_value(*value)));
    }
  }
}

void check_keys(const std::vector<Parameter>& parameters) {
  std::set<std::string> keys;
  for (const Parameter& parameter : parameters) {
    const std::vector<std::string> parts = split(parameter.key, '.');
    if (std::find(parts.begin(), parts.end(), "") != parts.end()) {
      throw UsageError("'" + parameter.key + "' is no key; expected one such as " +
                       "optimizer.learning_rate");
    }
    if (!keys.insert(parameter.key).second) refuse(parameter, "given twice");
  }
  for (const Parameter& parameter : parameters) {
    for (std::size_t dot = parameter.key.find('.'); dot != std::string::npos;
         dot = parameter.key.find('.', dot + 1)) {
      const std::string table = parameter.key.substr(0, dot);
      if (keys.contains(table)) {
        refuse(parameter, "'" + table + "' has values of its own, so it is no table");
      }
    }
  }
}

std::vector<std::string> keys_of(const std::vector<Parameter>& parameters) {
  std::vector<std::string> keys;
  for (const Parameter& parameter : parameters) keys.push_back(parameter.key);
  return keys;
}

const Parameter* find(const std::vector<Parameter>& parameters, const std::string& key) {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const Parameter& parameter) { return parameter.key == key; });
  return found == parameters.end() ? nullptr : &*found;
}

bool allows(const Parameter& parameter, const json& value) {
  if (parameter.kind == Parameter::Kind::choice) {
    return std::find(parameter.choices.begin(), parameter.choices.end(), value) !=
           parameter.choices.end();
  }
  return value.is_number() && from_unit(parameter, to_unit(parameter, value)) == value;
}

void check_condition(const Parameter& parameter, const std::vector<Parameter>& parameters) {
  const Condition& condition = *parameter.condition;
  const Parameter* named = find(parameters, condition.key);
  if (named == nullptr) {
    refuse(parameter,
           "its condition: " + unknown_name("parameter", condition.key, keys_of(parameters)));
  }
  if (!value_count(*named)) {
    refuse(parameter, fmt::format("its condition names {}, whose values are not counted; expected "
                                  "a list, whole numbers or a step",
                                  named->key));
  }
  if (condition.values.empty()) refuse(parameter, "its condition names no value");
  for (const json& value : condition.values) {
    if (!allows(*named, value)) {
      refuse(parameter,
             fmt::format("its condition: {} is no value of {}", toml_value(value), named->key));
    }
  }
}

/// The keys of a circle of conditions that the chain from `start` leads into.
std::string circle_from(const Parameter* start, const std::vector<Parameter>& parameters) {
  std::vector<std::string> chain;
  for (const Parameter* at = start;; at = find(parameters, at->condition->key)) {
    const auto seen = std::find(chain.begin(), chain.end(), at->key);
    if (seen != chain.end()) {
      std::string text;
      for (auto key = seen; key != chain.end(); ++key) text += *key + " -> ";
      return text + at->key;
    }
    chain.push_back(at->key);
  }
}

/// Each behind the one that its condition names, otherwise in the order given.
std::vector<Parameter> in_order(std::vector<Parameter> parameters) {
  std::vector<Parameter> ordered;
  std::vector<bool> taken(parameters.size(), false);
  while (ordered.size() < parameters.size()) {
    const std::size_t before = ordered.size();
    const Parameter* stuck = nullptr;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (taken[i]) continue;
      const std::optional<Condition>& condition = parameters[i].condition;
      if (condition && find(ordered, condition->key) == nullptr) {
        stuck = &parameters[i];
        continue;
      }
      taken[i] = true;
      ordered.push_back(parameters[i]);
    }
    if (ordered.size() == before) {
      throw UsageError("conditions go in a circle: " + circle_from(stuck, parameters));
    }
  }
  return ordered;
}

/// Assignments of a parameter in force and of those whose conditions lead to it; infinity if there
/// is no end of them.
double count_from(const Parameter& parameter, const std::vector<Parameter>& parameters) {
  const std::optional<std::size_t> values = value_count(parameter);
  if (!values) return std::numeric_limits<double>::infinity();
  std::vector<json> named;  // values on which something depends
  std::vector<double> ways;
  for (const Parameter& other : parameters) {
    if (!other.condition || other.condition->key != parameter.key) continue;
    const double below = count_from(other, parameters);
    for (const json& value : other.condition->values) {
      auto place = std::find(named.begin(), named.end(), value) - named.begin();
      if (place == std::ssize(named)) {
        named.push_back(value);
        ways.push_back(1);
      }
      ways[static_cast<std::size_t>(place)] *= below;
    }
  }
  double count = static_cast<double>(*values - named.size());
  for (const double way : ways) count += way;
  return count;
}

}  // namespace

SearchSpace::SearchSpace(std::vector<Parameter> parameters) {
  if (parameters.empty()) {
    throw UsageError(
        "no parameter to search; expected one such as optimizer.learning_rate = { low = 0.01, "
        "high = 1.0, scale = \"log\" }");
  }
  check_keys(parameters);
  for (const Parameter& parameter : parameters) {
    if (parameter.kind == Parameter::Kind::choice) {
      check_choices(parameter);
    } else {
      check_range(parameter);
    }
  }
  for (Parameter& parameter : parameters) {
    if (!parameter.condition) continue;
    check_condition(parameter, parameters);
  }
  parameters_ = in_order(std::move(parameters));
}

const Parameter& SearchSpace::parameter(const std::string& key) const {
  const Parameter* found = find(parameters_, key);
  if (found == nullptr) throw UsageError(unknown_name("parameter", key, keys_of(parameters_)));
  return *found;
}

bool SearchSpace::active(const Parameter& parameter, const Assignment& assignment) const {
  if (!parameter.condition) return true;
  const auto value = assignment.find(parameter.condition->key);
  const std::vector<json>& wanted = parameter.condition->values;
  return value != assignment.end() &&
         std::find(wanted.begin(), wanted.end(), value->second) != wanted.end() &&
         active(this->parameter(parameter.condition->key), assignment);
}

Assignment SearchSpace::sample(Random& random) const {
  Assignment assignment;
  for (const Parameter& parameter : parameters_) {
    if (!active(parameter, assignment)) continue;
    const double place = parameter.kind == Parameter::Kind::choice
                             ? static_cast<double>(random.below(parameter.choices.size()))
                             : random.uniform();
    assignment[parameter.key] = from_unit(parameter, place);
  }
  return assignment;
}

std::optional<std::size_t> SearchSpace::size() const {
  double count = 1;
  for (const Parameter& parameter : parameters_) {
    if (!parameter.condition) count *= count_from(parameter, parameters_);
  }
  if (count > kLargestWhole) return std::nullopt;
  return static_cast<std::size_t>(count);
}

Recipe with_settings(Recipe recipe, const Assignment& assignment) {
  for (const auto& [key, value] : assignment) set_setting(recipe, key, value);
  return recipe;
}

}  // namespace thimble::tuning
