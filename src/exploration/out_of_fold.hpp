// What a model says of each training picture without having learned from that picture.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/progress.hpp"
#include "data/dataset.hpp"
#include "models/classifier.hpp"
#include "models/recipe.hpp"

namespace thimble {

/// Deals every sample to one of `folds` folds at random, so that each class is spread as evenly as
/// it can be: its shares differ by one sample at the most, and so do the folds' sizes.
///
/// Deterministic for the seed.
/// @param labels       each in [0, classes)
/// @param folds        2 or more; some stay empty where there are fewer samples
/// @return             fold of each sample, in [0, folds)
/// @throws UsageError  if `folds` is below 2
std::vector<int> stratified_folds(std::span<const std::int32_t> labels, std::size_t classes,
                                  int folds, std::uint64_t seed);

/// Class probabilities of every sample, each by a model that learned from all other folds.
///
/// @param recipe    any; its training.validation_fraction does not count: nothing is kept aside
/// @param fold_of   fold of each sample, in [0, folds)
/// @param progress  told of the folds done; may ask to stop; may be null
/// @return          float32 [n, classes], rows sum to 1
/// @throws ShapeError  if `fold_of` is not one number a sample
/// @throws DataError   if a fold leaves too little to learn from
/// @throws Cancelled   if `progress` asked to stop
Probabilities out_of_fold_probabilities(const Dataset& dataset, const Recipe& recipe,
                                        std::span<const int> fold_of, Progress* progress);

}  // namespace thimble
