#include "imaging/images.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"

namespace thimble {

std::string to_string(const PictureShape& shape) {
  return fmt::format("{}x{} {}", shape.height, shape.width,
                     shape.channels == 1   ? "grey"
                     : shape.channels == 3 ? "RGB"
                                           : fmt::format("with {} channels", shape.channels));
}

Images::Images(PictureShape shape, std::size_t n)
    : shape_(shape), n_(n), pixels_(n * shape.size()) {}

Images::Images(PictureShape shape, std::vector<std::uint8_t> pixels)
    : shape_(shape), pixels_(std::move(pixels)) {
  const std::size_t picture = shape.size();
  if (picture == 0 ? !pixels_.empty() : pixels_.size() % picture != 0) {
    throw ShapeError(fmt::format("pictures: {} pixel values, expected a multiple of {} ({})",
                                 pixels_.size(), picture, to_string(shape)));
  }
  n_ = picture == 0 ? 0 : pixels_.size() / picture;
}

std::span<const std::uint8_t> Images::operator[](std::size_t i) const {
  return std::span(pixels_).subspan(i * shape_.size(), shape_.size());
}

std::span<std::uint8_t> Images::operator[](std::size_t i) {
  return std::span(pixels_).subspan(i * shape_.size(), shape_.size());
}

Images Images::select(std::span<const std::size_t> indices) const {
  Images chosen(shape_, indices.size());
  for (std::size_t k = 0; k < indices.size(); ++k) {
    std::ranges::copy((*this)[indices[k]], chosen[k].begin());
  }
  return chosen;
}

void Images::append(const Images& other) {
  if (other.empty()) return;
  if (empty() && shape_.size() == 0) shape_ = other.shape_;
  if (shape_ != other.shape_) {
    throw ShapeError(
        fmt::format("pictures: {} cannot join {}", to_string(other.shape_), to_string(shape_)));
  }
  pixels_.insert(pixels_.end(), other.pixels_.begin(), other.pixels_.end());
  n_ += other.n_;
}

void Images::append(std::span<const std::uint8_t> picture) {
  if (picture.size() != shape_.size()) {
    throw ShapeError(fmt::format("picture: {} pixel values, expected {} ({})", picture.size(),
                                 shape_.size(), to_string(shape_)));
  }
  pixels_.insert(pixels_.end(), picture.begin(), picture.end());
  ++n_;
}

}  // namespace thimble
