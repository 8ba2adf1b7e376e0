// The synthetic data set: ten classes of garments that the program draws itself.
//
// For tests, and for trying everything out where no data set can be fetched. The classes are those
// of Fashion-MNIST in its order and the pictures look alike, but no picture of it went in: results
// on one say nothing about the other, and provenance.synthetic marks it wherever it goes.

#pragma once

#include <cstddef>
#include <cstdint>

#include "data/splits.hpp"
#include "imaging/images.hpp"

namespace thimble {

/// How much to draw, and from which seed.
struct SyntheticOptions {
  std::size_t train = 6000;       ///< training pictures, at least 1
  std::size_t test = 1000;        ///< test pictures; 0: no test split
  std::uint64_t seed = 1;         ///< another seed gives other pictures of the same ten classes
  PictureShape shape{28, 28, 1};  ///< sides from 8 to 4096; grey or RGB
};

/// Draws the data set, in parallel. The classes of a split differ in size by one at the most, their
/// order is shuffled, and no picture is in both splits.
///
/// Deterministic: the same options give the same bytes, whatever the number of threads.
/// @throws UsageError  if `options.train` is 0, the shape is out of range, or a split would take
///                     more than 16 GiB
DatasetSplits make_synthetic(const SyntheticOptions& options);

}  // namespace thimble
