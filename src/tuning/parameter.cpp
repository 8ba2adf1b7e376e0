// Values of a parameter and their places in its range.

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/error.hpp"
#include "models/recipe_toml.hpp"
#include "tuning/search_space.hpp"

namespace thimble::tuning {
namespace {

using nlohmann::json;

/// The range on the scale on which it is evenly spread. A logarithmic range of whole numbers
/// reaches half a number past its ends, so that these have whole cells too.
struct Scale {
  double low = 0;
  double high = 1;
};

Scale scale_of(const Parameter& parameter) {
  if (!parameter.log) return {parameter.low, parameter.high};
  const double margin = parameter.kind == Parameter::Kind::integer ? 0.5 : 0;
  return {std::log(parameter.low - margin), std::log(parameter.high + margin)};
}

/// Between neighbouring values; 0 where there is no such thing.
double spacing(const Parameter& parameter) {
  if (parameter.step > 0) return parameter.step;
  return parameter.kind == Parameter::Kind::integer ? 1 : 0;
}

/// The last k of low + k * spacing. A little more than the range, for 0.3 / 0.1
/// = 2.9999999999999996.
double last_step(const Parameter& parameter) {
  return std::floor((parameter.high - parameter.low) / spacing(parameter) + 1e-9);
}

double parsed(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// The nearest number with few digits: a ten-thousandth of the range or, on a logarithmic scale, of
/// the value is as fine as anybody can tell apart.
double with_few_digits(const Parameter& parameter, double value) {
  double size = parameter.high - parameter.low;
  if (parameter.log) size = std::min(size, value);
  const int decimals = 5 - static_cast<int>(std::floor(std::log10(size)));
  const double rounded =
      decimals > 0 ? parsed(fmt::format("{:.{}f}", value, decimals)) : std::round(value);
  return std::clamp(rounded, parameter.low, parameter.high);
}

/// As JSON's own parser has it: whole numbers that are not negative are unsigned.
json whole(double value) {
  const auto number = static_cast<std::int64_t>(std::llround(value));
  return number < 0 ? json(number) : json(static_cast<std::uint64_t>(number));
}

double choice_index(const Parameter& parameter, const json& value) {
  const auto found = std::find(parameter.choices.begin(), parameter.choices.end(), value);
  if (found == parameter.choices.end()) {
    throw UsageError(fmt::format("{}: {} is none of its values {}", parameter.key,
                                 toml_value(value), toml_value(json(parameter.choices))));
  }
  return static_cast<double>(found - parameter.choices.begin());
}

}  // namespace

std::optional<std::size_t> value_count(const Parameter& parameter) {
  if (parameter.kind == Parameter::Kind::choice) return parameter.choices.size();
  if (spacing(parameter) == 0) return std::nullopt;
  return static_cast<std::size_t>(last_step(parameter)) + 1;
}

double to_unit(const Parameter& parameter, const json& value) {
  if (parameter.kind == Parameter::Kind::choice) return choice_index(parameter, value);
  if (!value.is_number() || !std::isfinite(value.get<double>())) {
    throw UsageError(fmt::format("{}: got {}, expected a number from {} to {}", parameter.key,
                                 toml_value(value), parameter.low, parameter.high));
  }
  const double number = std::clamp(value.get<double>(), parameter.low, parameter.high);
  if (spacing(parameter) > 0 && !parameter.log) {
    const double step = std::round((number - parameter.low) / spacing(parameter));
    return (std::min(step, last_step(parameter)) + 0.5) / (last_step(parameter) + 1);
  }
  const Scale scale = scale_of(parameter);
  return ((parameter.log ? std::log(number) : number) - scale.low) / (scale.high - scale.low);
}

json from_unit(const Parameter& parameter, double place) {
  if (parameter.kind == Parameter::Kind::choice) {
    const double last = static_cast<double>(parameter.choices.size() - 1);
    return parameter.choices[static_cast<std::size_t>(std::clamp(std::round(place), 0.0, last))];
  }
  place = std::clamp(place, 0.0, 1.0);
  if (spacing(parameter) > 0 && !parameter.log) {
    const double steps = last_step(parameter);
    const double number =
        parameter.low + spacing(parameter) * std::min(steps, std::floor(place * (steps + 1)));
    if (parameter.kind == Parameter::Kind::integer) return whole(number);
    return parsed(fmt::format("{:.12g}", number));  // 0.1 + 2 * 0.1 is not quite 0.3
  }
  const Scale scale = scale_of(parameter);
  const double number = scale.low + place * (scale.high - scale.low);
  if (parameter.kind == Parameter::Kind::integer) {
    return whole(std::clamp(std::round(std::exp(number)), parameter.low, parameter.high));
  }
  return with_few_digits(parameter, parameter.log ? std::exp(number) : number);
}

std::optional<std::pair<double, double>> cell(const Parameter& parameter, double place) {
  if (parameter.kind == Parameter::Kind::choice || spacing(parameter) == 0) return std::nullopt;
  if (!parameter.log) {
    const double cells = last_step(parameter) + 1;
    const double at = std::min(std::floor(std::clamp(place, 0.0, 1.0) * cells), cells - 1);
    return std::pair(at / cells, (at + 1) / cells);
  }
  const Scale scale = scale_of(parameter);
  const double value = from_unit(parameter, place).get<double>();
  const auto at = [&](double number) {
    return (std::log(number) - scale.low) / (scale.high - scale.low);
  };
  return std::pair(at(value - 0.5), at(value + 0.5));
}

}  // namespace thimble::tuning
