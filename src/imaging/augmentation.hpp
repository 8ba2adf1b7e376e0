// Random variations of training pictures: the same clothes, seen a little differently.

#pragma once

#include <cstdint>
#include <span>

#include "imaging/images.hpp"

namespace thimble {

/// What to vary, and how far. All zero (the default): pictures pass unchanged.
struct AugmentationOptions {
  double horizontal_flip = 0;     ///< probability of mirroring left and right, 0 to 1
  bool alternating_flip = false;  ///< each picture is mirrored every other epoch instead (Jordan,
                                  ///< "94% on CIFAR-10 in 3.29 seconds", arXiv 2404.00498, 3.2)
  double rotation_degrees = 0;    ///< uniform in [-r, r]
  double zoom = 0;                ///< scale uniform in [1 - z, 1 + z], 0 <= z <= 0.95
  int shift_pixels = 0;           ///< uniform in [-s, s], both axes
  int crop_padding = 0;           ///< pad by this many pixels, then crop back at a random place
  double erase_probability = 0;   ///< random erasing (Zhong et al., arXiv 1708.04896)
  int erase_size = 0;             ///< edge of the erased square in pixels, clipped at the border
  int erase_value = -1;           ///< grey level put there; -1: the mean pixel of the training set

  bool any() const;
  bool operator==(const AugmentationOptions&) const = default;
};

/// Applies the variations to batches of pictures.
///
/// What happens to a picture depends on (seed, epoch, its index in the training set) alone: not on
/// the batch it is in, nor on the number of threads.
class Augmentation {
 public:
  /// @param mean_pixel  grey level for erased squares where options.erase_value is -1
  /// @throws UsageError  if an option is out of range (names it, with what was wanted)
  Augmentation(const AugmentationOptions& options, PictureShape shape, std::uint64_t seed,
               std::uint8_t mean_pixel);

  /// Writes the pictures of `source` at `indices`, varied, to `out`, in parallel. In this order:
  /// flip, rotation and zoom about the centre, shift and crop, erasing. What comes in from outside
  /// the picture is 0.
  ///
  /// @param out  uint8 [indices.size(), height, width, channels]
  /// @throws ShapeError  if the source's shape, an index or the size of `out` does not fit
  void apply(const Images& source, std::span<const std::size_t> indices, std::uint64_t epoch,
             std::span<std::uint8_t> out) const;

 private:
  AugmentationOptions options_;
  PictureShape shape_;
  std::uint64_t seed_;
  std::uint8_t mean_pixel_;
};

/// Every picture mirrored left and right.
Images flip_horizontally(const Images& images);

}  // namespace thimble
