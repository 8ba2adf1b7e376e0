// The average picture of each class, and how its members differ from it.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/dataset.hpp"
#include "imaging/codec.hpp"

namespace thimble {

/// Mean and deviation of each pixel over some pictures.
struct PixelMoments {
  std::uint64_t pictures = 0;
  std::vector<double> mean;      ///< [height, width, channels], 0 to 255; 0 without pictures
  std::vector<double> variance;  ///< same shape, of the population (divided by n), 0 to 127.5^2
};

struct ClassPictures {
  PictureShape shape;
  PixelMoments overall;
  std::vector<PixelMoments> classes;  ///< [classes]
};

/// Exact sums of integers, so the result does not depend on the number of threads. Parallel.
ClassPictures class_pictures(const Dataset& dataset);

/// The mean picture for showing, rounded to 8 bits.
Picture mean_picture(const ClassPictures& pictures, const PixelMoments& moments);

/// The standard deviation for showing: black where all pictures are the same, white at
/// largest_deviation(). So pictures of one ClassPictures compare.
Picture deviation_picture(const ClassPictures& pictures, const PixelMoments& moments);

/// The largest standard deviation of a pixel within any class or overall, 0 to 127.5.
double largest_deviation(const ClassPictures& pictures);

}  // namespace thimble
