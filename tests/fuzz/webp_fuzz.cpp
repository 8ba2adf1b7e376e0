// Any bytes as a WebP, with the length in its head put right.

#include <cstdint>
#include <vector>

#include "base/error.hpp"
#include "imaging/resize.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeadBytes = 12;
  if (size < kHeadBytes) return 0;
  std::vector<std::uint8_t> bytes{'R', 'I', 'F', 'F'};
  for (std::size_t i = 0; i < 4; ++i)
    bytes.push_back(static_cast<std::uint8_t>((size - 8) >> (8 * i)));
  for (const char c : {'W', 'E', 'B', 'P'}) bytes.push_back(static_cast<std::uint8_t>(c));
  bytes.insert(bytes.end(), data + kHeadBytes, data + size);
  try {
    const thimble::Picture picture = thimble::decode_picture(
        std::as_bytes(std::span(bytes)), "fuzz", {.max_pixels = 250'000, .max_dimension = 5'000});
    (void)thimble::fit_to(picture, {28, 28, 3});
  } catch (const thimble::DataError&) {
  }
  return 0;
}
