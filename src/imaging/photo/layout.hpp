// An object of a photo as a data set shows it: light on black, centred, sharp, of a few pixels.

#pragma once

#include "imaging/photo/object.hpp"

namespace thimble::photo {

/// Lays out a found object.
///
/// Grey (one channel): the negated brightness that the object would have on white, spread so that
/// the darkest place becomes 255. RGB: its own colours on black.
/// @param extent  the object's longer side as a share of the picture's shorter one
Picture lay_out(const Object& object, const PictureShape& shape, double extent);

}  // namespace thimble::photo
