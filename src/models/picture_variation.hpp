// The same picture, as a camera and a photo's way to the data set's style may leave it.

#pragma once

#include <cstdint>
#include <span>

#include "imaging/images.hpp"

namespace thimble {

/// Makes copies of pictures that are a little blurred, shifted, scaled and lighter or darker, and
/// half of them mirrored. What happens to a picture depends on the seed alone.
///
/// Thread safety: const functions may be called from several threads at once.
class PictureVariation {
 public:
  explicit PictureVariation(const PictureShape& shape) : shape_(shape) {}

  /// @param picture  uint8 [height, width, channels]
  /// @param out      the same size
  void apply(std::span<const std::uint8_t> picture, std::uint64_t seed,
             std::span<std::uint8_t> out) const;

 private:
  PictureShape shape_;
};

}  // namespace thimble
