// Single figures for a whole confusion matrix that, unlike the accuracy, do not reward guessing the
// largest class. As scikit-learn defines them.

#pragma once

#include <optional>

#include "evaluation/confusion.hpp"

namespace thimble {

/// Mean recall of the classes that have samples (balanced_accuracy_score); 0 without samples.
double balanced_accuracy(const ConfusionMatrix& matrix);

/// Cohen's kappa: agreement beyond chance, as a share of what was possible (cohen_kappa_score).
/// Undefined where labels and predictions are all of one and the same class.
/// Cohen: "A coefficient of agreement for nominal scales", 1960.
std::optional<double> cohen_kappa(const ConfusionMatrix& matrix);

/// Matthews' correlation of labels and predictions, -1 to 1, generalised to many classes
/// (matthews_corrcoef); 0 where labels or predictions are all of one class.
/// Gorodkin: "Comparing two K-category assignments by a K-category correlation coefficient", 2004.
double matthews_correlation(const ConfusionMatrix& matrix);

}  // namespace thimble
