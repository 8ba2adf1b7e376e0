// Labels that are probably wrong, by confident learning.
//
// C. G. Northcutt, L. Jiang, I. L. Chuang: "Confident Learning: Estimating Uncertainty in Dataset
// Labels", Journal of Artificial Intelligence Research 70, 2021. A model that did not learn from a
// picture says how likely each class is; where that is above the class's usual confidence for
// another class than the label's, the label is suspect. Counts of such cases estimate how many
// labels of each class are wrong, and which class they should be.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "data/dataset.hpp"
#include "models/classifier.hpp"
#include "models/recipe.hpp"

namespace thimble {

struct LabelAuditOptions {
  /// Whose mean probabilities judge the labels; empty: default_audit_recipes().
  std::vector<Recipe> recipes = {};
  int folds = 5;
  std::uint64_t seed = 1;  ///< of the folds
};

/// What the models say of one label.
struct JudgedLabel {
  std::size_t index = 0;        ///< of the sample
  std::int32_t given = 0;       ///< the label
  std::int32_t suggested = 0;   ///< the likeliest class other than the label
  float given_probability = 0;  ///< out of fold
  float suggested_probability = 0;
  /// Higher is more suspicious: the logarithm of how many times likelier the suggested class is
  /// than the label. Of labels made wrong at random in Fashion-MNIST this puts 94 % among the top
  /// 4 %, as the label's own probability does; differences of probabilities, with and without the
  /// thresholds, 83 to 87 %.
  double score = 0;
  /// Counted as wrong by the confident joint.
  bool is_error = false;
};

struct LabelAudit {
  std::vector<JudgedLabel> ranking;  ///< all samples, most suspicious first

  /// Mean probability of a class over the samples that carry its label, [classes]: section 3.1,
  /// equation 2. Not a number for a class without samples.
  std::vector<double> thresholds;
  /// Samples of label i (row) that confidently belong to class j, [classes, classes], row-major:
  /// equation 1.
  std::vector<std::uint64_t> confident_joint;
  /// Estimated share of all samples with label i whose true class is j, [classes, classes]; rows
  /// sum to the labels' shares, all to 1: equation 3.
  std::vector<double> joint;
  /// The joint's share off the diagonal, in samples.
  double estimated_errors = 0;

  double accuracy = 0;               ///< of the out-of-fold predictions against the labels
  std::vector<std::string> recipes;  ///< names
  int folds = 0;
  double seconds = 0;
};

/// What audit_labels() takes where nothing else is asked for: a small network, briefly trained.
std::vector<Recipe> default_audit_recipes(const Dataset& dataset);

/// Trains the recipes on all folds but one, for each fold, and judges the labels of that one.
///
/// Deterministic as the recipes are.
/// @param progress     told of the models trained; may ask to stop; may be null
/// @throws UsageError  if options.folds is below 2
/// @throws DataError   if not at least two classes have two samples each
/// @throws Cancelled   if `progress` asked to stop
LabelAudit audit_labels(const Dataset& dataset, const LabelAuditOptions& options,
                        Progress* progress);

/// Judges labels by probabilities that are there already; fills in all but recipes, folds and
/// seconds.
/// @param probabilities  float32 [n, classes], out of fold
/// @param labels         int32 [n], in [0, classes)
/// @throws ShapeError    if the sizes do not agree
LabelAudit judge_labels(const Probabilities& probabilities, std::span<const std::int32_t> labels);

}  // namespace thimble
