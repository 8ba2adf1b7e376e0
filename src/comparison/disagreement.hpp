// Which pictures models disagree about, and which none of them gets right.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "comparison/comparison.hpp"

namespace thimble {

/// Lists of samples are indices into DataComparison::test; ties are in the data's order.
struct Disagreement {
  /// right_by[k]: test pictures that k of the models get right; size models + 1.
  std::vector<std::uint64_t> right_by;
  /// Pictures on which not all answer the same, the most evenly split over the classes first: by
  /// the entropy of the models' votes.
  std::vector<std::size_t> most_divided;
  /// For each model the pictures that no other gets right, surest first. Empty with one model.
  std::vector<std::vector<std::size_t>> only_right_by;
  /// Pictures that every model gets wrong: those first on which most models give one and the same
  /// other class, and of those the ones they are surest of; likely to be labelled wrong.
  std::vector<std::size_t> all_wrong;
  /// agreement[a * models + b]: share of the test pictures on which two models answer the same.
  std::vector<double> agreement;
};

Disagreement find_disagreement(const DataComparison& data);

/// The class that most models choose for a sample (of equals the lower), how many do, and how
/// probable they hold it on average over all models.
struct Vote {
  std::size_t winner = 0;
  std::size_t count = 0;
  double probability = 0;
  double entropy = 0;  ///< of the votes, in nats
};
Vote vote_on(const DataComparison& data, std::size_t sample);

}  // namespace thimble
