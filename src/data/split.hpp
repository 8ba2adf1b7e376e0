// Keeping some of the training pictures aside, to choose by.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "data/dataset.hpp"

namespace thimble {

/// Which samples train and which validate, each in ascending order.
struct SplitIndices {
  std::vector<std::size_t> train;
  std::vector<std::size_t> validation;
};

/// Chooses `count` samples for validation at random, so that every class keeps its share (by
/// largest remainder) and at least one sample for training.
///
/// Deterministic for a given seed; what is chosen of a class depends on the seed and that class's
/// samples alone.
/// @param labels   each in [0, classes)
/// @throws UsageError  if `count` leaves a class without a training sample
SplitIndices stratified_split(std::span<const std::int32_t> labels, std::size_t classes,
                              std::size_t count, std::uint64_t seed);

/// A training set in two.
struct TrainValidation {
  Dataset train;
  Dataset validation;
};

/// Stratified split by number of samples. provenance.split becomes "train" and "validation".
/// @throws UsageError  as stratified_split()
TrainValidation split_validation(const Dataset& dataset, std::size_t count, std::uint64_t seed);

/// Stratified split by share: as many samples as round(fraction * n), or as many as can be spared.
/// @param fraction  0 <= fraction < 1
/// @throws UsageError  if it is not
TrainValidation split_validation_fraction(const Dataset& dataset, double fraction,
                                          std::uint64_t seed);

}  // namespace thimble
