// Shadows that an object throws on its background.

#pragma once

#include "imaging/photo/background.hpp"
#include "imaging/photo/components.hpp"
#include "imaging/photo/planes.hpp"

namespace thimble::photo {

/// Takes shadows out of the mask of an object: the background, darker but of the same hue, and
/// fading slowly where an object has an outline. Leaves the mask alone where little would be left.
/// @param soft  the planes, softened
void clear_shadows(Mask& mask, const Planes& soft, const Background& background);

}  // namespace thimble::photo
