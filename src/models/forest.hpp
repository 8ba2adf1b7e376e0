// Families "forest" and "extra-trees": many random trees, averaged.

#pragma once

#include <cstdint>

#include "models/trees_estimator.hpp"

namespace thimble {

/// Settings of [model], named as scikit-learn's RandomForestClassifier names them: those of a tree
/// (models/tree.hpp) except `splitter`, with max_features = "sqrt", and
///
///     n_estimators = 100     trees
///     bootstrap = true       each tree sees samples drawn with replacement; else all
///     max_samples = "all"    how many are drawn for each tree: "all" (as many as there are), a
///                            whole number, or a share above 0 and up to 1
///     oob_score = false      estimate the accuracy from the samples that trees did not see
class ForestEstimator : public TreesEstimator {
 public:
  /// @throws UsageError  naming the key that is not understood
  ForestEstimator(const nlohmann::json& model, std::uint64_t seed)
      : ForestEstimator(model, seed, classical::Splitter::best) {}

  FitReport fit(const classical::Samples& train, const classical::Samples* validation,
                Progress& progress) override;

 protected:
  ForestEstimator(const nlohmann::json& model, std::uint64_t seed, classical::Splitter splitter);

 private:
  classical::Splitter splitter_;
};

/// The same with random thresholds, and bootstrap = false as scikit-learn's ExtraTreesClassifier.
class ExtraTreesEstimator : public ForestEstimator {
 public:
  ExtraTreesEstimator(const nlohmann::json& model, std::uint64_t seed)
      : ForestEstimator(model, seed, classical::Splitter::random) {}
};

}  // namespace thimble
