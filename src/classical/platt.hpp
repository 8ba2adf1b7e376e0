// Probabilities from decision values.

#pragma once

#include <span>

namespace thimble::classical {

/// 1 / (1 + exp(A f + B)) of a decision value f.
struct Sigmoid {
  double A = 0;
  double B = 0;

  double operator()(double decision_value) const;
};

/// The sigmoid of largest likelihood, with Platt's targets against certainty.
///
/// J. Platt, "Probabilistic outputs for support vector machines" (1999), by the method of H.-T.
/// Lin, C.-J. Lin, R. C. Weng, "A note on Platt's probabilistic outputs for support vector
/// machines", Machine Learning 68 (2007), as in libsvm.
/// @param positive  bool, whether each value's sample belongs to the first class
Sigmoid fit_sigmoid(std::span<const double> decision_values, std::span<const char> positive);

}  // namespace thimble::classical
