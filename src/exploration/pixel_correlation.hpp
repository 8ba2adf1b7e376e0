// How pixels go together: with the classes, and with each other.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/progress.hpp"
#include "data/dataset.hpp"

namespace thimble {

/// Pearson correlations of grey levels (of RGB pictures the luma).
struct PixelCorrelation {
  int height = 0;
  int width = 0;

  /// Correlation of each pixel with "is of class c" (1 or 0; the point-biserial correlation),
  /// [classes][height, width], in [-1, 1]: above 0 the class is brighter there than the others.
  /// NaN where the pixel never varies, or if the class has no sample or all.
  std::vector<std::vector<double>> with_class;

  /// 1 for pixels that have one value in all pictures, [height, width].
  std::vector<std::uint8_t> constant;
  std::size_t constant_pixels = 0;

  /// Pixels with each other are correlated at this size, that of thumbnails() where the pictures
  /// have more than kMostCorrelatedPixels pixels; constant pixels are left out.
  int reduced_height = 0;
  int reduced_width = 0;

  struct AtDistance {
    double distance = 0;     ///< mean distance of the pairs in pixels of the full picture
    double correlation = 0;  ///< mean over the pairs
    std::uint64_t pairs = 0;
  };
  /// Pairs of pixels by their distance, rounded to whole pixels of the reduced size; nearest first.
  std::vector<AtDistance> by_distance;

  /// Mean correlation of pixels side by side and one above the other (at the reduced size); NaN if
  /// there are none.
  double horizontal = 0;
  double vertical = 0;

  /// How many uncorrelated pixels would vary as much: p^2 / sum of the squared correlations of p
  /// pixels, from 1 (all the same) to p (none goes with another). The participation ratio of the
  /// correlation matrix's eigenvalues (P. Gao et al.: "A theory of multineuronal dimensionality,
  /// dynamics and measurement", bioRxiv 214262, 2017). 0 if no pixel varies.
  double effective_pixels = 0;
};

inline constexpr std::size_t kMostCorrelatedPixels = 1024;

/// Parallel; the result does not depend on the number of threads.
/// @throws DataError  if there is no picture
/// @throws Cancelled  if `progress` asked to stop
PixelCorrelation pixel_correlation(const Dataset& dataset, Progress& progress);

}  // namespace thimble
