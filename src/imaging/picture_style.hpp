// How the pictures of a data set are laid out, found by looking at them.

#pragma once

#include "imaging/images.hpp"
#include "imaging/preparation.hpp"

namespace thimble {

/// cut_out where nearly all pictures show one object on black that leaves the corners free, with
/// the median extent of the objects; else resized. Looks at two thousand pictures at most, spread
/// evenly. Of RGB pictures a pixel's brightest channel counts.
PictureStyle measure_style(const Images& pictures);

}  // namespace thimble
