// From a product photo to a picture in the style of Fashion-MNIST.
//
// The pipeline of Xiao, Rasul and Vollgraf: "Fashion-MNIST: a novel image dataset for benchmarking
// machine learning algorithms", arXiv 1708.07747, section 2 (trim the edges close to the colour of
// the corner, scale the longest edge, sharpen, centre, negate, grey), and before it what photos
// need that were not taken for it: uneven, coloured, dark or transparent backgrounds.

#pragma once

#include "imaging/preparation.hpp"

namespace thimble {

/// Finds the object of a photo and lays it out as a data set's pictures are: light on black,
/// centred, its longer side `extent` of the picture's shorter one.
/// @param photo  grey, RGB or RGBA, any size
/// @throws ShapeError  as prepare_picture()
PreparedPicture prepare_garment_photo(const Picture& photo, const PictureShape& shape,
                                      double extent = 1);

}  // namespace thimble
