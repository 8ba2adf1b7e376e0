// Product photos made of a data set's pictures.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "imaging/images.hpp"

namespace thimble {

/// What is particular about a photo. "mixed" has something of several.
inline constexpr const char* kPhotoKinds[] = {"white",      "grey",   "gradient", "margins",
                                              "off-centre", "tinted", "shadow",   "noise",
                                              "dark",       "mixed"};

/// The garment of a picture on a background of that kind, 300 to 2,000 pixels, as a JPEG file of
/// quality 60 to 95.
/// @param picture  light on black, uint8 [height, width], grey
std::vector<std::byte> product_photo(const std::string& kind, std::span<const std::uint8_t> picture,
                                     const PictureShape& shape, std::uint64_t seed);

}  // namespace thimble
