// Any pixels as a photo of a garment: two bytes of size, one of channels, then blocks of pixels.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "imaging/garment_photo.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeader = 4;
  if (size <= kHeader) return 0;
  constexpr int kChannels[] = {1, 3, 4};
  thimble::Picture photo({1 + data[0], 1 + data[1], kChannels[data[2] % 3]});
  // Blocks, so that few bytes make objects and not only noise.
  const int block = 1 + data[3] % 16;
  const auto channels = static_cast<std::size_t>(photo.shape.channels);
  std::size_t at = 0;
  for (int y = 0; y < photo.shape.height; ++y) {
    for (int x = 0; x < photo.shape.width; ++x) {
      const auto place = static_cast<std::size_t>(y / block * 17 + x / block);
      for (std::size_t c = 0; c < channels; ++c) {
        photo.pixels[at++] = data[kHeader + (place * channels + c) % (size - kHeader)];
      }
    }
  }
  for (const thimble::PictureShape shape : {thimble::PictureShape{28, 28, 1}, {20, 32, 3}}) {
    const thimble::PreparedPicture prepared = thimble::prepare_garment_photo(photo, shape, 0.8);
    if (prepared.picture.shape != shape || prepared.picture.pixels.size() != shape.size()) {
      std::abort();
    }
  }
  return 0;
}
