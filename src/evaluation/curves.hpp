// How well a class's probability ranks its samples before all others: precision-recall and ROC
// curves of one class against the rest.
//
// Definitions as in scikit-learn (precision_recall_curve, average_precision_score, roc_curve,
// roc_auc_score), but for what is undefined: without samples of the class, or without any other
// samples, scikit-learn answers 0 or fails; here there is no value.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "models/classifier.hpp"

namespace thimble {

/// Points from the strictest threshold to the laxest. Point 0 is where nothing is taken for the
/// class, point i where all samples with a score of at least thresholds[i - 1] are; samples of
/// equal score come in together.
struct PrecisionRecallCurve {
  std::vector<double> recall;      ///< from 0 to 1, never falling
  std::vector<double> precision;   ///< 1 at the first point
  std::vector<double> thresholds;  ///< one less than there are points
};

struct RocCurve {
  std::vector<double> false_positive_rate;  ///< from 0 to 1, never falling
  std::vector<double> true_positive_rate;   ///< from 0 to 1, never falling
  std::vector<double> thresholds;           ///< one less than there are points
};

/// One class against the rest. Without a value: undefined, the curve is then empty.
struct ClassCurves {
  std::uint64_t positives = 0;              ///< samples of the class
  std::uint64_t negatives = 0;              ///< all others
  std::optional<double> average_precision;  ///< undefined without positives
  std::optional<double> roc_auc;            ///< undefined without positives or without negatives
  PrecisionRecallCurve precision_recall;
  RocCurve roc;
};

/// @param scores    higher: rather of the class; [n]
/// @param positive  1: of the class, 0: not; [n]
/// @throws ShapeError  if the two differ in length
ClassCurves class_curves(std::span<const float> scores, std::span<const std::uint8_t> positive);

/// Indices of at most `most` (>= 2) points, first and last among them, through which the polyline
/// stays as near to all points as it can: those farthest from it are added one by one (Douglas and
/// Peucker, "Algorithms for the reduction of the number of points required to represent a
/// digitized line", 1973). Ends early where no point is farther than 1e-4.
std::vector<std::size_t> thin_curve(std::span<const double> x, std::span<const double> y,
                                    std::size_t most);

/// The curves of all classes.
struct Curves {
  std::vector<ClassCurves> classes;  ///< the curves thinned, without thresholds; the areas are of
                                     ///< the whole curves
  /// Means over the classes that have a value; none where no class has one.
  std::optional<double> macro_average_precision;
  std::optional<double> macro_roc_auc;
};

/// Points that a curve keeps.
inline constexpr std::size_t kDrawnPoints = 100;

/// @param labels  int32 [n], in [0, classes)
/// @throws ShapeError  if there are not as many labels as rows of probabilities
Curves one_vs_rest_curves(const Probabilities& probabilities, std::span<const std::int32_t> labels,
                          std::size_t most_points = kDrawnPoints);

/// The points of all curves, by class: [{"name", "precision_recall": {"recall", "precision"},
/// "roc": {"false_positive_rate", "true_positive_rate"}}].
nlohmann::json to_json(const Curves& curves, std::span<const std::string> classes);

}  // namespace thimble
