// Small samples of any content, for trees.

#pragma once

#include <cstdint>
#include <vector>

#include <rapidcheck.h>

#include "classical/features.hpp"
#include "linalg/matrix.hpp"

namespace thimble::classical {

/// n samples of d 8-bit features, and their classes.
struct ByteSamples {
  std::size_t d = 1;
  std::size_t classes = 2;
  std::vector<std::uint8_t> bytes;
  std::vector<std::int32_t> labels;

  std::size_t size() const { return labels.size(); }
  std::uint8_t at(std::size_t sample, std::size_t feature) const {
    return bytes[sample * d + feature];
  }
  Features features() const { return Features(bytes, d, 1); }
  /// The same numbers as floats, each feature stretched and moved by powers of two.
  Features floats() const {
    linalg::Matrix values(size(), d);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      values.values()[i] = static_cast<float>(bytes[i]) * 0.25f - static_cast<float>(i % d);
    }
    return Features(std::move(values));
  }
};

/// Anything: few or many distinct values, constant features, equal samples of different classes,
/// classes without a sample.
inline ByteSamples any_samples(std::size_t most = 60) {
  ByteSamples samples;
  const auto n = *rc::gen::inRange<std::size_t>(1, most + 1);
  samples.d = *rc::gen::inRange<std::size_t>(1, 9);
  samples.classes = *rc::gen::inRange<std::size_t>(2, 40);
  const auto used_classes =
      *rc::gen::inRange<std::int32_t>(1, static_cast<std::int32_t>(samples.classes) + 1);
  std::vector<int> distinct;
  for (std::size_t j = 0; j < samples.d; ++j) {
    distinct.push_back(*rc::gen::element(1, 2, 3, 17, 256));
  }
  for (std::size_t i = 0; i < n; ++i) {
    samples.labels.push_back(*rc::gen::inRange<std::int32_t>(0, used_classes));
    for (std::size_t j = 0; j < samples.d; ++j) {
      const int value = *rc::gen::inRange(0, distinct[j]);
      // Spread over the whole range of a byte.
      samples.bytes.push_back(
          static_cast<std::uint8_t>(distinct[j] == 1 ? 77 : value * 255 / (distinct[j] - 1)));
    }
  }
  return samples;
}

}  // namespace thimble::classical
