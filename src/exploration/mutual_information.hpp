// Which pixels tell classes apart: how much a pixel's grey level says about the class.

#pragma once

#include <cstddef>
#include <vector>

#include "base/progress.hpp"
#include "data/dataset.hpp"

namespace thimble {

/// Mutual information I(X; C) of the grey level X of a pixel (of RGB its luma) and the class C, in
/// bits: how much of the question "which class?" the pixel alone answers.
struct MutualInformation {
  int height = 0;
  int width = 0;
  int bins = 0;  ///< grey levels are put into this many equal ranges first
  /// Bias-corrected, [height, width], in [0, class_entropy].
  ///
  /// The plain estimate from counts is too large on average, by about (occupied cells - occupied
  /// rows - occupied columns + 1) / (2 n ln 2) bits; that is subtracted, results below 0 become 0.
  /// (G. A. Miller: "Note on the bias of information estimates", 1955; L. Paninski: "Estimation of
  /// entropy and mutual information", Neural Computation 15, 2003.)
  std::vector<double> bits;
  /// Without the correction, [height, width]. scikit-learn's mutual_info_score divided by ln 2.
  std::vector<double> plain_bits;
  double class_entropy = 0;  ///< H(C) in bits: what all pixels together could say at most
  std::size_t best = 0;      ///< index of the pixel that says most; of equal ones the first
};

/// @param bins        2 to 256
/// @throws DataError   if there is no picture
/// @throws UsageError  if `bins` is out of range
/// @throws Cancelled   if `progress` asked to stop
MutualInformation mutual_information(const Dataset& dataset, Progress& progress, int bins = 16);

}  // namespace thimble
