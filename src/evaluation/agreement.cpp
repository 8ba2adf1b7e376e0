#include "evaluation/agreement.hpp"

#include <cmath>

namespace thimble {
namespace {

/// Sums over the classes that both figures are made of, exact in float64 up to 2^26 samples.
struct Sums {
  double samples = 0;
  double correct = 0;
  double label_prediction = 0;       ///< sum of support * predictions
  double label_label = 0;            ///< sum of support^2
  double prediction_prediction = 0;  ///< sum of predictions^2
};

Sums sums_of(const ConfusionMatrix& matrix) {
  Sums sums;
  sums.samples = static_cast<double>(matrix.total());
  sums.correct = static_cast<double>(matrix.correct());
  for (std::size_t c = 0; c < matrix.classes(); ++c) {
    const double support = static_cast<double>(matrix.support(c));
    const double predictions = static_cast<double>(matrix.predictions(c));
    sums.label_prediction += support * predictions;
    sums.label_label += support * support;
    sums.prediction_prediction += predictions * predictions;
  }
  return sums;
}

}  // namespace

double balanced_accuracy(const ConfusionMatrix& matrix) {
  double sum = 0;
  std::size_t present = 0;
  for (std::size_t c = 0; c < matrix.classes(); ++c) {
    const std::uint64_t support = matrix.support(c);
    if (support == 0) continue;
    sum += static_cast<double>(matrix.count(c, c)) / static_cast<double>(support);
    ++present;
  }
  return present == 0 ? 0 : sum / static_cast<double>(present);
}

std::optional<double> cohen_kappa(const ConfusionMatrix& matrix) {
  const Sums sums = sums_of(matrix);
  const double chance_errors = sums.samples * sums.samples - sums.label_prediction;
  if (chance_errors == 0) return std::nullopt;
  const double errors = (sums.samples - sums.correct) * sums.samples;
  return 1 - errors / chance_errors;
}

double matthews_correlation(const ConfusionMatrix& matrix) {
  const Sums sums = sums_of(matrix);
  const double covariance = sums.correct * sums.samples - sums.label_prediction;
  const double label_variance = sums.samples * sums.samples - sums.label_label;
  const double prediction_variance = sums.samples * sums.samples - sums.prediction_prediction;
  if (label_variance * prediction_variance == 0) return 0;
  return covariance / std::sqrt(label_variance * prediction_variance);
}

}  // namespace thimble
