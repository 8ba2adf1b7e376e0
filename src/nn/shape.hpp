// The sizes of what goes through a network.

#pragma once

#include <cstdint>
#include <string>

namespace thimble::nn {

/// The shape of one sample between two layers: a map [channels, height, width], or a flat vector of
/// `channels` features (height = width = 1).
struct Shape {
  int channels = 0;
  int height = 1;
  int width = 1;
  bool flat = false;

  std::int64_t size() const { return std::int64_t{1} * channels * height * width; }
  bool operator==(const Shape&) const = default;
};

/// "32x13x13", "128".
std::string to_string(const Shape& shape);

/// Two numbers, one for each direction of a map.
struct Extent {
  int height = 1;
  int width = 1;
  bool operator==(const Extent&) const = default;
};

/// "3", or "3x5" where they differ.
std::string to_string(const Extent& extent);

/// A window that slides over a map, as convolutions and pools have it.
struct SlidingWindow {
  Extent kernel{};
  Extent stride{};
  Extent pad{0, 0};

  bool operator==(const SlidingWindow&) const = default;
  /// The map [channels, ...] that it leaves of `in`.
  Shape output(const Shape& in, int channels) const;
};

/// Larger values are slips of the hand; below it every product of a few stays below 2^63.
inline constexpr int kLargestExtent = 1 << 16;

}  // namespace thimble::nn
