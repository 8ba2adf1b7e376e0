// Arrays of a model file, checked before use.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "models/model_file.hpp"

namespace thimble {

/// A dimension of any size, in stored_array().
inline constexpr std::int64_t kAnySize = -1;

/// The elements of a tensor that a model file must have.
/// @param shape  what it must be, kAnySize where the file decides
/// @throws DataError  naming `place`, the tensor and what is wrong with it
template <class T>
std::span<const T> stored_array(const ModelFile& file, const std::string& place,
                                const std::string& name, const std::vector<std::int64_t>& shape) {
  const auto found = file.tensors.find(name);
  if (found == file.tensors.end()) {
    throw DataError(fmt::format("{}: tensor {} is missing", place, name));
  }
  const std::vector<std::int64_t>& got = found->second.shape;
  bool fits = got.size() == shape.size();
  for (std::size_t i = 0; fits && i < shape.size(); ++i) {
    fits = shape[i] == kAnySize || shape[i] == got[i];
  }
  if (!fits) {
    std::vector<std::string> wanted;
    for (const std::int64_t size : shape) {
      wanted.push_back(size == kAnySize ? "any" : std::to_string(size));
    }
    throw DataError(fmt::format("{}: tensor {} is [{}], expected [{}]", place, name,
                                fmt::join(got, ", "), fmt::join(wanted, ", ")));
  }
  try {
    return found->second.as<T>();
  } catch (const DataError& e) {
    throw DataError(fmt::format("{}: tensor {}: {}", place, name, e.what()));
  }
}

/// The same as a copy, its numbers finite.
/// @throws DataError  as stored_array(), or if a number is NaN or infinity
template <class T>
std::vector<T> stored_values(const ModelFile& file, const std::string& place,
                             const std::string& name, const std::vector<std::int64_t>& shape) {
  const std::span<const T> values = stored_array<T>(file, place, name, shape);
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::ranges::all_of(values, [](T value) { return std::isfinite(value); })) {
      throw DataError(fmt::format("{}: tensor {} holds NaN or infinity", place, name));
    }
  }
  return {values.begin(), values.end()};
}

/// Values as a tensor of one dimension.
template <class T>
Tensor list_tensor(const std::vector<T>& values) {
  return Tensor::from(std::span<const T>(values), {static_cast<std::int64_t>(values.size())});
}

}  // namespace thimble
