// Draws single garments of the ten classes, at any size.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "imaging/images.hpp"

namespace thimble {

/// The ten classes draw_garment() knows, named and ordered as in Fashion-MNIST.
const std::vector<std::string>& garment_class_names();

/// Draws one garment on a black background: grey levels in one channel, or tinted in three.
///
/// The seed decides cut, pose, fabric, details and pixel noise. The drawing is made of curves, so
/// one seed gives the same garment at every size. It fits the shorter side and is centred on the
/// longer.
/// @param label    index into garment_class_names()
/// @param shape    sides of 8 pixels or more; 1 or 3 channels
/// @param picture  where it goes, uint8 [height, width, channels]
/// @throws UsageError  if there is no class `label`, or the shape is out of range
/// @throws ShapeError  if the size of `picture` is not shape.size()
void draw_garment(std::int32_t label, std::uint64_t seed, const PictureShape& shape,
                  std::span<std::uint8_t> picture);

/// As above, as a block of one picture.
Images draw_garment(std::int32_t label, std::uint64_t seed, const PictureShape& shape);

/// @throws UsageError  unless draw_garment() can draw pictures of this shape
void check_garment_shape(const PictureShape& shape);

}  // namespace thimble
