// Pictures of none of a fashion model's classes, made by the program: what a novelty detector
// should notice.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "imaging/codec.hpp"

namespace thimble::bench {

/// Draws one picture: grey, light on black where it shows an object.
using DrawPicture = Picture (*)(int side, std::uint64_t seed);

struct StrangeSet {
  std::string name;
  bool object;  ///< something light on black, which a photo may show on any background
  DrawPicture draw;
};

/// Noise, clouds, blobs, blanks of any level, letters and digits, landscapes.
const std::vector<StrangeSet>& strange_sets();

}  // namespace thimble::bench
