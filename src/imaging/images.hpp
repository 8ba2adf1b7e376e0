// A block of equal-sized 8-bit pictures: what every model takes in.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace thimble {

/// The shape of one picture. `channels` is 1 (grey) or 3 (RGB).
struct PictureShape {
  int height = 0;
  int width = 0;
  int channels = 1;

  std::size_t size() const {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
           static_cast<std::size_t>(channels);
  }
  bool operator==(const PictureShape&) const = default;
};

/// "28x28 grey", "32x32 RGB".
std::string to_string(const PictureShape& shape);

/// Pictures in one contiguous block, uint8 [n, height, width, channels].
class Images {
 public:
  Images() = default;
  /// n black pictures.
  Images(PictureShape shape, std::size_t n);
  /// Takes over `pixels`, uint8 [n, height, width, channels].
  /// @throws ShapeError  if its size is not a multiple of shape.size()
  Images(PictureShape shape, std::vector<std::uint8_t> pixels);

  std::size_t size() const { return n_; }
  bool empty() const { return n_ == 0; }
  const PictureShape& shape() const { return shape_; }

  /// All pixels, n * shape().size() values.
  std::span<const std::uint8_t> pixels() const { return pixels_; }
  std::span<std::uint8_t> pixels() { return pixels_; }

  /// One picture, shape().size() values.
  std::span<const std::uint8_t> operator[](std::size_t i) const;
  std::span<std::uint8_t> operator[](std::size_t i);

  /// The pictures at `indices`, in that order.
  Images select(std::span<const std::size_t> indices) const;

  /// Adds the pictures of `other` at the end. An empty block takes the other's shape.
  /// @throws ShapeError  if the shapes differ
  void append(const Images& other);
  /// Adds one picture, shape().size() values.
  void append(std::span<const std::uint8_t> picture);

 private:
  PictureShape shape_;
  std::size_t n_ = 0;
  std::vector<std::uint8_t> pixels_;
};

}  // namespace thimble
