// Whole numbers out of JSON that anybody may have written.

#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace thimble {

/// The whole number under `key`. nlohmann converts every number, also 1e99 and -1, to any type.
/// @param place  starts the message
/// @throws DataError              if it is none, or does not fit
/// @throws nlohmann::json::exception  if there is no such key
template <class Integer>
Integer whole_number(const nlohmann::json& document, const char* key, const std::string& place) {
  const nlohmann::json& number = document.at(key);
  using Limits = std::numeric_limits<Integer>;
  // What JSON calls unsigned is not negative; the rest is negative or no whole number.
  if (number.is_number_unsigned()) {
    if (std::in_range<Integer>(number.get<std::uint64_t>())) return number.get<Integer>();
  } else if (number.is_number_integer()) {
    if (std::in_range<Integer>(number.get<std::int64_t>())) return number.get<Integer>();
  }
  throw DataError(fmt::format("{}: {} is {}, expected a whole number from {} to {}", place, key,
                              number.dump(), Limits::min(), Limits::max()));
}

}  // namespace thimble
