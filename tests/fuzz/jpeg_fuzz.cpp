// Any bytes as a JPEG, decoded in full and at each scale that leaves enough pixels. A scaled
// picture must not be larger than the whole one, nor smaller than was asked for.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "imaging/resize.hpp"

namespace {

/// The shorter and the longer side; 0 where the picture is refused.
std::pair<int, int> decoded_edges(const std::vector<std::uint8_t>& bytes, int enough_edge) {
  try {
    const thimble::Picture picture = thimble::decode_picture(
        std::as_bytes(std::span(bytes)), "fuzz",
        {.max_pixels = 250'000, .max_dimension = 5'000, .enough_edge = enough_edge});
    (void)thimble::fit_to(picture, {28, 28, 1});
    return std::minmax({picture.shape.height, picture.shape.width});
  } catch (const thimble::DataError&) {
    return {0, 0};
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint8_t> bytes{0xFF, 0xD8, 0xFF};
  if (size < bytes.size()) return 0;
  bytes.insert(bytes.end(), data + bytes.size(), data + size);
  const auto [shorter, longer] = decoded_edges(bytes, 0);
  for (const int enough_edge : {1, 28, 200}) {
    const auto [scaled_shorter, scaled_longer] = decoded_edges(bytes, enough_edge);
    if (longer == 0 || scaled_longer == 0) continue;
    if (scaled_shorter > shorter || scaled_longer > longer) std::abort();
    if (scaled_longer < std::min(longer, enough_edge)) std::abort();
  }
  return 0;
}
