// How far classes lie apart: by their means, and by who their pictures' neighbours are.

#pragma once

#include <cstddef>
#include <vector>

#include "base/progress.hpp"
#include "data/dataset.hpp"
#include "exploration/neighborhood.hpp"

namespace thimble {

/// Two classes and a figure about them; `first` < `second`.
struct ClassPair {
  std::size_t first = 0;
  std::size_t second = 0;
  double value = 0;
};

/// Distances between the means of classes. Matrices are [classes, classes], symmetric, NaN where a
/// class has no sample.
struct ClassDistances {
  std::size_t classes = 0;
  /// Root mean square difference of the mean pictures, grey levels 0 to 255.
  std::vector<double> mean_distance;
  /// How many deviations of a class the means are apart in the best linear view of them: the
  /// Mahalanobis distance sqrt((a - b)' W^-1 (a - b)), W the pooled covariance within classes (P.
  /// C. Mahalanobis, 1936; T. Hastie, R. Tibshirani, J. Friedman: "The Elements of Statistical
  /// Learning", 2nd edition, section 4.3), along the leading principal components. Of two normal
  /// classes with that covariance a straight cut mistakes the share expected_error() of samples.
  /// NaN also where there are too few samples to know W.
  std::vector<double> separation;
  std::size_t components = 0;     ///< principal components that W is known along; may be 0
  double explained_variance = 0;  ///< share of the pictures' variance along them
  /// Share of all pixels' variance that lies between the classes' means; 0 if nothing varies.
  double between_share = 0;
  std::vector<ClassPair> nearest;  ///< pairs with a separation, the least separated first
};

/// Share of mistakes of the best cut between two normal classes of equal frequency and covariance
/// that are `separation` deviations apart: Phi(-separation / 2).
double expected_error(double separation);

/// Pictures of more than 1024 values are taken as thumbnails() of at most that many. Parallel; the
/// result does not depend on the number of threads.
/// @throws DataError  if there is no picture
/// @throws Cancelled  if `progress` asked to stop
ClassDistances class_distances(const Dataset& dataset, Progress& progress);

/// Who the k nearest neighbours of a class's pictures are.
struct NeighborOverlap {
  std::size_t classes = 0;
  std::size_t k = 0;  ///< of the neighborhood
  /// Share of the neighbours of class a's samples that are of class b at [a, b]; rows sum to 1, NaN
  /// for a class without samples.
  std::vector<double> shares;
  /// Share of all samples' neighbours that are of the sample's own class; NaN without neighbours.
  double same_class = 0;
  /// Share of samples whose nearest other sample has their class: the accuracy of the 1-nearest-
  /// neighbour rule when each sample is left out in turn.
  double nearest_same_class = 0;
  /// Pairs of classes by the mean of both directions' shares, largest first, none of 0.
  std::vector<ClassPair> most_overlapping;
};

/// @param neighborhood  of `splits`
/// @throws ShapeError  if it is of another number of samples
NeighborOverlap neighbor_overlap(const DatasetSplits& splits, const Neighborhood& neighborhood);

}  // namespace thimble
