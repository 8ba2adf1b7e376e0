#include "models/novelty_features.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/simd.hpp"

namespace thimble {
namespace {

constexpr double kCells = 4;        // along the side of a square picture
constexpr std::size_t kParts = 14;  // along a side, at most
/// The levels' squared weights by the number of HOG blocks, each at most 1 long; chosen
/// on Fashion-MNIST's validation pictures.
constexpr double kLevelsByBlocks = 2.7;

classical::HogOptions hog_options(const PictureShape& shape) {
  classical::HogOptions options;
  // Of long and narrow pictures the number of cells matters, not that along a side.
  options.cell = std::max(std::sqrt(static_cast<double>(shape.height) * shape.width) / kCells,
                          std::max(shape.height, shape.width) / (kCells * kCells));
  const double shorter = std::min(shape.height, shape.width);
  if (std::lround(shorter / options.cell) < options.block) options.block = 1;
  return options;
}

THIMBLE_SIMD_CLONES
void add_pixels(const std::uint8_t* pixels, std::size_t n, std::uint32_t* sums) {
  for (std::size_t i = 0; i < n; ++i) sums[i] += pixels[i];
}

std::size_t parts_along(int pixels) { return std::min(static_cast<std::size_t>(pixels), kParts); }

}  // namespace

NoveltyFeatures::NoveltyFeatures(const PictureShape& shape)
    : shape_(shape),
      hog_(hog_options(shape), shape),
      rows_(parts_along(shape.height)),
      columns_(parts_along(shape.width)) {
  const auto block = static_cast<std::size_t>(hog_options(shape).block);
  const auto orientations = static_cast<std::size_t>(hog_options(shape).orientations);
  const auto blocks = static_cast<double>(hog_.dims() / (block * block * orientations));
  weight_ =
      static_cast<float>(std::sqrt(kLevelsByBlocks * blocks / static_cast<double>(level_dims())));
}

std::size_t NoveltyFeatures::level_dims() const {
  return rows_ * columns_ * static_cast<std::size_t>(shape_.channels);
}

void NoveltyFeatures::compute(std::span<const std::uint8_t> pictures, float* out) const {
  hog_.compute(pictures, out, dims());
  for (std::size_t at = 0; at < pictures.size(); at += shape_.size(), out += dims()) {
    add_levels(pictures.subspan(at, shape_.size()), out + hog_.dims());
  }
}

void NoveltyFeatures::add_levels(std::span<const std::uint8_t> picture, float* out) const {
  const auto height = static_cast<std::size_t>(shape_.height);
  const auto width = static_cast<std::size_t>(shape_.width);
  const auto channels = static_cast<std::size_t>(shape_.channels);
  std::vector<std::uint32_t> sums(width * channels);
  for (std::size_t row = 0; row < rows_; ++row) {
    const std::size_t top = row * height / rows_;
    const std::size_t bottom = (row + 1) * height / rows_;
    std::ranges::fill(sums, 0);
    for (std::size_t y = top; y < bottom; ++y) {
      add_pixels(picture.data() + y * sums.size(), sums.size(), sums.data());
    }
    for (std::size_t column = 0; column < columns_; ++column) {
      const std::size_t left = column * width / columns_;
      const std::size_t right = (column + 1) * width / columns_;
      const float factor = weight_ / (255.0F * static_cast<float>((bottom - top) * (right - left)));
      for (std::size_t c = 0; c < channels; ++c) {
        std::uint32_t sum = 0;
        for (std::size_t x = left; x < right; ++x) sum += sums[x * channels + c];
        *out++ = factor * static_cast<float>(sum);
      }
    }
  }
}

}  // namespace thimble
