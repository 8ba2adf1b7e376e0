// What a novelty detector looks at: where the edges of a picture run, and how light its parts are.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "classical/hog.hpp"
#include "imaging/images.hpp"

namespace thimble {

/// Histograms of oriented gradients on about 4 x 4 cells (classical/hog.hpp), and the mean levels
/// of at most 14 x 14 parts. Either alone is blind to something: gradients that are normalised
/// block by block cannot tell noise from cloth, coarse levels not a letter from a shoe.
///
/// Works for every shape. Thread safety: const functions may be called from several threads at
/// once.
class NoveltyFeatures {
 public:
  explicit NoveltyFeatures(const PictureShape& shape);

  std::size_t dims() const { return hog_.dims() + level_dims(); }

  /// @param pictures  uint8 [n, height, width, channels]
  /// @param out       float32 [n, dims()]
  void compute(std::span<const std::uint8_t> pictures, float* out) const;

 private:
  std::size_t level_dims() const;
  void add_levels(std::span<const std::uint8_t> picture, float* out) const;

  PictureShape shape_;
  classical::Hog hog_;
  std::size_t rows_;     ///< parts
  std::size_t columns_;  ///< parts
  float weight_;         ///< of a level from 0 to 1
};

}  // namespace thimble
