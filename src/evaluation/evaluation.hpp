// What a set of class probabilities says against the true labels.
//
// Definitions follow scikit-learn's metrics (accuracy_score, log_loss, confusion_matrix,
// precision_recall_fscore_support with zero_division=0, top_k_accuracy_score) and agree with them
// on the stored cases of tests/data_files/evaluation_reference.json.
//
// Ties: of equal probabilities the lower class index ranks first, everywhere: in the predicted
// class, in top-k and in lists of classes. So top-1 is the accuracy and top-k never falls with k.
// (scikit-learn's top_k_accuracy_score ranks the higher index first, its argmax the lower.)

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "evaluation/confusion.hpp"
#include "evaluation/interval.hpp"
#include "models/classifier.hpp"

namespace thimble {

/// One class against all others. A ratio without samples (a class never predicted, or without
/// samples) is 0.
struct ClassMetrics {
  std::string name;
  double precision = 0;
  double recall = 0;
  double f1 = 0;
  std::uint64_t support = 0;
};

struct AverageMetrics {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
};

struct Evaluation {
  std::uint64_t samples = 0;
  double accuracy = 0;
  Interval accuracy_interval;         ///< Wilson, 95 %
  double balanced_accuracy = 0;       ///< these three: evaluation/agreement.hpp
  std::optional<double> cohen_kappa;  ///< without a value: undefined
  double matthews_correlation = 0;
  double loss = 0;            ///< mean cross-entropy in nats, see cross_entropy_of()
  std::vector<double> top_k;  ///< top_k[k - 1]: share with the label among the k most likely
  AverageMetrics macro;       ///< mean over all classes, also those without samples
  AverageMetrics weighted;    ///< mean over the classes, weighted by their support
  std::vector<ClassMetrics> classes;
  ConfusionMatrix confusion_matrix;
  nlohmann::json model;  ///< which model, free form; null until the caller fills it in
  nlohmann::json data;   ///< which data, free form; null until the caller fills it in
};

/// The largest k of Evaluation::top_k (fewer where there are fewer classes).
inline constexpr std::size_t kLargestTopK = 5;

/// Judges probabilities against labels.
///
/// @param probabilities  float32 [n, classes], n > 0
/// @param labels         int32 [n], in [0, classes)
/// @param classes        class names
/// @throws ShapeError  if the sizes do not agree
/// @throws DataError   if there is nothing to judge, a label names no class, or a probability is
///                     not in [0, 1] (not a number, as from a training that diverged)
Evaluation evaluate(const Probabilities& probabilities, std::span<const std::int32_t> labels,
                    std::span<const std::string> classes);

/// What the counts alone say: all of an evaluation but its loss and its top_k, which stay 0 and
/// empty.
/// @throws ShapeError  if there are not as many names as classes
/// @throws DataError   if nothing was counted
Evaluation evaluate(const ConfusionMatrix& counts, std::span<const std::string> classes);

/// Index of the largest value; of equal ones the first.
std::size_t predicted_class(std::span<const float> probabilities);

/// Indices of the k largest values, largest first; of equal ones the lower index first. k is cut to
/// the number of classes.
std::vector<std::size_t> top_classes(std::span<const float> probabilities, std::size_t k);

/// Cross-entropy of one sample in nats: -log of the label's probability, after clipping all to
/// [eps, 1 - eps] with float32's eps (1.19e-7) and dividing by their sum, as scikit-learn's
/// log_loss does with float32 predictions; here in float64.
double cross_entropy_of(std::span<const float> probabilities, std::size_t label);

/// The evaluation as the JSON object of evaluation.json (docs/file-formats.md).
nlohmann::json to_json(const Evaluation& evaluation);

}  // namespace thimble
