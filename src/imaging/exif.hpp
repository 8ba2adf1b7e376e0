// How a camera was held: the EXIF orientation of a photo.

#pragma once

#include <cstddef>
#include <span>

#include "imaging/codec.hpp"

namespace thimble::formats {

/// The orientation, 1 to 8, in a JPEG's APP1 segment (without its length); 1, upright, where there
/// is none or it makes no sense. (CIPA DC-008, "Exif 2.32", 4.6.4, tag 274.)
int exif_orientation(std::span<const std::byte> segment);

/// The picture turned and mirrored so that it is upright.
Picture turn_upright(Picture picture, int orientation);

}  // namespace thimble::formats
