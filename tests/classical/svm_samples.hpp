// Samples for the tests of support vector machines.

#pragma once

#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "classical/features.hpp"

namespace thimble::classical {

/// Overlapping classes of bytes; class c has its mean at its own place.
struct SvmSamples {
  std::size_t d;
  std::size_t classes;
  std::vector<std::uint8_t> bytes;
  std::vector<std::int32_t> labels;
  Features features;

  SvmSamples(std::size_t n, std::size_t dims, std::size_t class_count, std::uint64_t seed)
      : d(dims), classes(class_count), bytes(n * dims), labels(n) {
    Random random(seed);
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t c = i % classes;
      labels[i] = static_cast<std::int32_t>(c);
      for (std::size_t j = 0; j < d; ++j) {
        const double mean = 100 + static_cast<double>(mix64(c * d + j) % 40);
        const double value = mean + 30 * random.normal();
        bytes[i * d + j] = static_cast<std::uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
      }
    }
    features = Features(bytes, d, 1);
  }
  SvmSamples(const SvmSamples&) = delete;
  SvmSamples& operator=(const SvmSamples&) = delete;

  Samples samples() const { return {features, labels, classes}; }

  /// The same as floats.
  Features floats() const {
    linalg::Matrix values(labels.size(), d);
    features.copy(0, labels.size(), values.data());
    return Features(std::move(values));
  }
};

}  // namespace thimble::classical
