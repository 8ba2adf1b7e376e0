// Pictures that are there twice, exactly or nearly, within a split and across.
//
// A test picture with a twin in the training set tests memory, not skill; twins with different
// labels cannot both be right.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "exploration/neighborhood.hpp"

namespace thimble {

/// Pictures linked to each other, directly or over others.
struct DuplicateGroup {
  std::vector<SampleId> members;  ///< at least 2; training samples first, ascending
  bool labels_agree = true;
  bool across_splits = false;
  /// Largest root mean square difference of two linked members, grey levels; 0 if all are the same.
  double difference = 0;
};

/// How many there are.
struct DuplicateCounts {
  std::size_t groups = 0;
  std::size_t samples = 0;              ///< in a group
  std::size_t train_surplus = 0;        ///< training samples beyond the first of each group
  std::size_t test_surplus = 0;         ///< test samples beyond the first of each group
  std::size_t test_in_train = 0;        ///< test samples with a training sample in their group
  std::size_t across_groups = 0;        ///< groups with members in both splits
  std::size_t conflicting_groups = 0;   ///< groups whose labels disagree
  std::size_t conflicting_samples = 0;  ///< samples in those
};

struct Duplicates {
  /// Groups of pictures with the same values, largest first, then by their first member.
  std::vector<DuplicateGroup> exact;
  DuplicateCounts exact_counts;
  /// Groups linked by near or exact duplicates that hold at least one near pair, smallest
  /// difference first, then by their first member.
  std::vector<DuplicateGroup> near;
  DuplicateCounts near_counts;
};

/// Two pictures a, b are near duplicates if both hold:
///
///     |a - b| <= relative_difference * min(|a - mean(a)|, |b - mean(b)|)
///     |a - b| <= local_difference * min(r(a), r(b))
///
/// r(x): the distance from x to its k-th neighbour. The first says that the difference is small
/// beside what there is to see, and does not depend on contrast or size; at 0.2 the pictures'
/// correlation is 0.98 or more. The second says that they are much nearer than pictures there
/// usually are: among simple ones (the 1s of handwritten digits, plain trousers) any two differ
/// little without being copies. So more than k near, not exact, copies of one picture hide each
/// other.
struct DuplicateOptions {
  double relative_difference = 0.2;
  double local_difference = 0.5;
};

/// Exact duplicates are found among all pictures, near ones among each picture's neighbours.
///
/// @param neighborhood  of `splits`
/// @throws ShapeError  if it is of another number of samples
Duplicates find_duplicates(const DatasetSplits& splits, const Neighborhood& neighborhood,
                           const DuplicateOptions& options = {});

}  // namespace thimble
