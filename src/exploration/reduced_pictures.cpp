#include "exploration/reduced_pictures.hpp"

#include <algorithm>
#include <cmath>

#include "base/parallel.hpp"
#include "imaging/resize.hpp"

namespace thimble {
namespace {

constexpr std::size_t kGrain = 64;

/// Writes `convert` of each picture to the same place of a block of pictures of `shape`.
template <class Convert>
Images convert_each(const Images& images, PictureShape shape, const Convert& convert) {
  Images converted(shape, images.size());
  parallel_for(images.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const auto from = images[i];
      const Picture picture(images.shape(), {from.begin(), from.end()});
      std::ranges::copy(convert(picture).pixels, converted[i].begin());
    }
  });
  return converted;
}

}  // namespace

Images to_grey(const Images& images) {
  const PictureShape shape = images.shape();
  if (shape.channels == 1) return images;
  return convert_each(images, {shape.height, shape.width, 1},
                      [](const Picture& picture) { return to_grey(picture); });
}

Images thumbnails(const Images& images, std::size_t max_values) {
  const PictureShape shape = images.shape();
  if (shape.size() <= max_values) return images;
  const double scale =
      std::sqrt(static_cast<double>(max_values) / static_cast<double>(shape.size()));
  const auto shrunk = [&](int side) {
    return std::max(1, static_cast<int>(std::floor(side * scale)));
  };
  PictureShape small{shrunk(shape.height), shrunk(shape.width), shape.channels};
  // A side that could not shrink in proportion leaves the other to make up for it.
  const auto room = static_cast<int>(max_values) / shape.channels;
  small.width = std::max(1, std::min(small.width, room / small.height));
  small.height = std::max(1, std::min(small.height, room / small.width));
  return convert_each(images, small, [&](const Picture& picture) {
    return resize(picture, small.height, small.width, ResizeFilter::area);
  });
}

}  // namespace thimble
