// Frames around photos: a line, a mat, black bars.

#pragma once

#include "imaging/photo/planes.hpp"

namespace thimble::photo {

/// What is left of the photo within its frame, in the photo's pixels; the whole without a frame.
///
/// A side of a frame is a strip of one colour that ends in a straight line along the whole side.
Box find_frame(const Planes& planes);

}  // namespace thimble::photo
