// How far the pixels of a photo are from its background.

#pragma once

#include <vector>

#include "imaging/photo/background.hpp"
#include "imaging/photo/planes.hpp"

namespace thimble::photo {

/// A distance that leaves no doubt; 1 is the least that counts.
inline constexpr float kCertain = 2;

/// Luma and colour differences averaged over 3 x 3 pixels, against noise.
Planes soften(const Planes& planes);

/// Distance of each pixel from the background, luma and colour differences together, in units of
/// what may still be background: a few per cent, or a multiple of the background's own noise.
/// Of a transparent photo, how opaque it is; 1 where it is a quarter so.
std::vector<float> measure_distance(const Planes& planes, const Background& background);

/// The largest of the values in the 5 x 5 pixels around each.
std::vector<float> largest_around(const std::vector<float>& values, int height, int width);

}  // namespace thimble::photo
