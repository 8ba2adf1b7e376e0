// Linear support vector machines, one class against the rest, to the optimum of LIBLINEAR's
// L2-regularized L2-loss problem.

#pragma once

#include <cstddef>

#include "base/progress.hpp"
#include "classical/features.hpp"
#include "classical/linear_model.hpp"

namespace thimble::classical {

/// Options of LinearSVC(dual=False).
struct LinearSvmOptions {
  double C = 1;
  /// Training ends once for each class |gradient|_2 <= tol min(p, n - p) / n |gradient at 0|_2, p
  /// being the number of its samples: LIBLINEAR's rule.
  double tol = 1e-4;
  std::size_t max_iter = 1000;
  bool fit_intercept = true;
  /// The intercept is the weight of a feature of this value, and penalised like the others.
  double intercept_scaling = 1;
  bool balanced = false;
};

/// Minimises for every class C sum_i w_i max(0, 1 - s_i z_i)^2 + |w|_2^2 / 2, with s_i = 1 for its
/// samples and -1 for the others. With two classes this is one problem, and the first class's
/// weights are the second's with the opposite sign.
LinearModel fit_linear_svm(const Samples& samples, const LinearSvmOptions& options,
                           Progress& progress, LinearReport& report);

}  // namespace thimble::classical
