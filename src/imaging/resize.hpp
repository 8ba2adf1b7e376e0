// Pictures of another size.

#pragma once

#include "imaging/codec.hpp"

namespace thimble {

/// How a pixel of the result is mixed from its surroundings. All three average over the whole area
/// it covers when shrinking, so that nothing flickers or is left out.
enum class ResizeFilter {
  area,      ///< mean of the area covered, exactly; crisp blocks when enlarging
  bilinear,  ///< triangle; soft
  lanczos,   ///< windowed sinc with three lobes; sharpest, may over- and undershoot at edges
};

/// The picture at height x width pixels, stretched. Colours are weighed by alpha where there is
/// one.
/// @throws ShapeError  if a size is below 1 or the picture has no pixels
Picture resize(const Picture& picture, int height, int width,
               ResizeFilter filter = ResizeFilter::lanczos);

/// The picture as a model wants it: grey or RGB (shape.channels 1 or 3), transparency over
/// `background`, stretched to shape.height x shape.width. Unchanged where it already fits.
/// @throws ShapeError  if the shape is not that of a model's input
Picture fit_to(const Picture& picture, const PictureShape& shape, Color background = kWhite);

}  // namespace thimble
