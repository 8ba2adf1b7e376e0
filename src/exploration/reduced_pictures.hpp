// Pictures with less in them, for what needs one value a pixel or few pixels.

#pragma once

#include <cstddef>

#include "imaging/images.hpp"

namespace thimble {

/// One channel: luma, as to_grey() of a Picture. Grey pictures are copied. Parallel.
Images to_grey(const Images& images);

/// The pictures shrunk by whole-area averages, in proportion, so that one has at most `max_values`
/// values (pixels times channels), at least one pixel; copied where they already do. Parallel.
Images thumbnails(const Images& images, std::size_t max_values);

}  // namespace thimble
