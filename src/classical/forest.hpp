// Many random trees, averaged: "Random Forests", Breiman, Machine Learning 45, 2001; with random
// thresholds "Extremely randomized trees", Geurts, Ernst, Wehenkel, Machine Learning 63, 2006.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/progress.hpp"
#include "classical/features.hpp"
#include "classical/tree.hpp"
#include "classical/tree_options.hpp"

namespace thimble::classical {

struct ForestOptions {
  TreeOptions tree;
  std::size_t n_estimators = 100;
  /// Each tree sees samples drawn with replacement; else all.
  bool bootstrap = true;
  std::size_t max_samples = 0;  ///< how many are drawn for each tree; 0: as many as there are
  bool oob_score = false;       ///< with bootstrap
};

/// A forest and what its growing told.
struct Forest {
  Trees trees;
  /// Mean decrease in impurity by each feature, double [d]; they sum to 1, or are all 0 if no tree
  /// has a split.
  std::vector<double> importances;
  /// Share of right answers among the training samples, each asked only of trees that did not see
  /// it; samples that every tree saw do not count. None if not asked for or none left out.
  std::optional<double> oob_score;
};

/// One tree on all samples. Importances as in Forest.
/// @throws DataError  if the samples do not suit (none of them, values that are no numbers)
/// @throws Cancelled  if `progress` asked to stop
Forest grow_tree(const Samples& train, const TreeOptions& options, std::uint64_t seed,
                 Progress& progress);

/// Trees side by side on all threads; the same for a seed whatever the number of threads.
/// @throws DataError, Cancelled  as grow_tree
Forest grow_forest(const Samples& train, const ForestOptions& options, std::uint64_t seed,
                   Progress& progress);

/// How often each sample was drawn for a tree of a forest: uint16 [n].
std::vector<std::uint16_t> bootstrap_weights(std::size_t n, std::size_t draws, std::uint64_t seed,
                                             std::size_t tree);

}  // namespace thimble::classical
