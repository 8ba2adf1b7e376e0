// What shapes a decision tree, named as in scikit-learn.

#pragma once

#include <cstddef>
#include <cstdint>

namespace thimble::classical {

enum class Criterion { gini, entropy };
/// best: the best threshold of each feature looked at. random: one threshold a feature, drawn
/// uniformly between the least and the greatest value in the node ("Extremely randomized trees",
/// Geurts, Ernst, Wehenkel, Machine Learning 63, 2006).
enum class Splitter { best, random };

struct TreeOptions {
  Criterion criterion = Criterion::gini;
  Splitter splitter = Splitter::best;
  std::size_t max_depth = 0;          ///< questions on a way from root to leaf; 0: no limit
  std::size_t min_samples_split = 2;  ///< nodes with fewer become leaves
  std::size_t min_samples_leaf = 1;   ///< on either side of a split
  /// Features drawn at each node without replacement, and then more until one of them is not
  /// constant there; 0: all.
  std::size_t max_features = 0;
  /// A split must lessen the impurity by this, times the node's share of all samples.
  double min_impurity_decrease = 0;
};

}  // namespace thimble::classical
