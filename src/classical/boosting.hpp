// Gradient boosting of decision trees by XGBoost.
//
// Chen and Guestrin, "XGBoost: A scalable tree boosting system", KDD 2016: each round adds a tree a
// class, fitted to the first and second derivatives of the softmax cross-entropy, its splits found
// in histograms of the features (tree_method "hist", objective "multi:softprob").
//
// XGBoost adds up derivatives thread by thread, so the last bits of its sums depend on the number
// of threads. Here they do not: the derivatives are computed outside, with XGBoost's own formulas,
// and rounded to a grid so fine (2^-36 for 60,000 samples) that it seldom changes a float32, yet so
// coarse that every sum of them is exact in float64, in whatever order. The trees are the
// library's, up to that rounding.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "classical/boosted_trees.hpp"
#include "classical/features.hpp"

namespace thimble::classical {

/// Options under the names of XGBoost's scikit-learn interface, with XGBoost's defaults.
struct BoostingOptions {
  int n_estimators = 100;  ///< most rounds; each adds a tree a class
  double learning_rate = 0.3;
  int max_depth = 6;            ///< 0: no bound
  int max_leaves = 0;           ///< 0: no bound
  double min_child_weight = 1;  ///< least sum of second derivatives in a leaf
  double subsample = 1;         ///< share of the samples that each tree sees
  double colsample_bytree = 1;  ///< share of the features that each tree may ask about
  double colsample_bylevel = 1;
  double colsample_bynode = 1;
  double reg_lambda = 1;                  ///< L2 penalty on the leaves
  double reg_alpha = 0;                   ///< L1 penalty on the leaves
  double gamma = 0;                       ///< least gain of a split
  int max_bin = 256;                      ///< histogram bins a feature
  std::string grow_policy = "depthwise";  ///< or "lossguide": always the leaf that gains most
  /// Ends once the validation loss has not fallen for so many rounds; 0: never.
  int early_stopping_rounds = 0;
  std::uint64_t seed = 1;
};

/// @throws UsageError  if an option makes no sense: "max_bin is 1, expected 2 to 65536"
void check_options(const BoostingOptions& options);

/// How a boosting went.
struct BoostingReport {
  int rounds = 0;          ///< trained
  int best_iteration = 0;  ///< counted from 0, as XGBoost does; trees after it are dropped
  bool stopped_early = false;
  double training_loss = 0;                ///< mean cross-entropy in nats before the last round
  std::optional<double> validation_loss;   ///< at best_iteration
  std::optional<double> validation_error;  ///< share of wrong predictions, at best_iteration
};

/// A boosting model.
struct Boosting {
  BoostedTrees trees;
  std::vector<std::int32_t> classes;  ///< class of each of the trees' outputs, ascending
};

/// Learns. Classes without a training sample get no trees; with one class only, there are none.
///
/// Deterministic for options.seed, whatever the number of threads.
/// @param validation  for early stopping and the report; may be null
/// @param report      filled in; may be null
/// @throws UsageError  if an option makes no sense, or early stopping has no validation samples
/// @throws DataError   if there is no training sample, or a feature is not finite
/// @throws Cancelled   if `progress` asked to stop; asked before every round
Boosting fit_boosting(const Samples& train, const Samples* validation,
                      const BoostingOptions& options, Progress& progress,
                      BoostingReport* report = nullptr);

/// Class probabilities; classes without trees get 0.
/// @param classes  of the data set
/// @param out      float32 [features.size(), classes]
void predict_proba(const Boosting& model, const Features& features, std::size_t classes,
                   std::span<float> out);

}  // namespace thimble::classical
