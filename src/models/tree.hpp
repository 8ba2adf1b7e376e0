// Family "tree": one decision tree.

#pragma once

#include <cstdint>

#include "models/trees_estimator.hpp"

namespace thimble {

/// Settings of [model], named as scikit-learn's DecisionTreeClassifier names them:
///
///     criterion = "gini"           "gini", "entropy" or "log_loss" (the same as entropy)
///     splitter = "best"            "best" or "random" (one random threshold a feature)
///     max_depth = "none"           or a number of questions, 1 or more
///     min_samples_split = 2        nodes with fewer samples become leaves
///     min_samples_leaf = 1         samples on either side of a split
///     max_features = "all"         features looked at in each node: "all", "sqrt", "log2", a whole
///                                  number, or a share above 0 and up to 1
///     min_impurity_decrease = 0    what a split must bring, weighted by the node's share
class TreeEstimator : public TreesEstimator {
 public:
  /// @throws UsageError  naming the key that is not understood
  TreeEstimator(const nlohmann::json& model, std::uint64_t seed);

  FitReport fit(const classical::Samples& train, const classical::Samples* validation,
                Progress& progress) override;
};

}  // namespace thimble
