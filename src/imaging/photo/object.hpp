// Finding the object of a photo.

#pragma once

#include <vector>

#include "imaging/photo/background.hpp"
#include "imaging/photo/planes.hpp"

namespace thimble::photo {

/// An object and its surroundings, at a size fit for laying it out.
struct Object {
  bool found = false;
  Planes planes;
  /// How much of each of the planes' pixels the object covers, 0 to 1, [height, width].
  std::vector<float> coverage;
  Background background;
  Box box;  ///< in pixels of the planes; its sides may lie between pixels
  /// Already as data sets show their objects: grey, on black.
  bool negative = false;
  double share = 0;      ///< of the photo's area that the box takes
  bool cut_off = false;  ///< reaches the edge of the photo
};

/// Finds what stands out from a photo's background.
Object find_object(const Picture& photo);

}  // namespace thimble::photo
