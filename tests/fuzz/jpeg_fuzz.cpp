// Any bytes as a JPEG.

#include <cstdint>
#include <vector>

#include "base/error.hpp"
#include "imaging/resize.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint8_t> bytes{0xFF, 0xD8, 0xFF};
  if (size < bytes.size()) return 0;
  bytes.insert(bytes.end(), data + bytes.size(), data + size);
  try {
    const thimble::Picture picture = thimble::decode_picture(
        std::as_bytes(std::span(bytes)), "fuzz", {.max_pixels = 250'000, .max_dimension = 5'000});
    (void)thimble::fit_to(picture, {28, 28, 1});
  } catch (const thimble::DataError&) {
  }
  return 0;
}
