// Multinomial logistic regression, to the optimum of scikit-learn's objective.
//
// Newton's method with conjugate gradients (classical/newton_cg.hpp) needs some hundreds of passes
// over the samples where L-BFGS needs many thousands; L-BFGS and, for L1, OWL-QN
// (classical/lbfgs.hpp) are there too.

#pragma once

#include <cstddef>

#include "base/progress.hpp"
#include "classical/features.hpp"
#include "classical/linear_model.hpp"

namespace thimble::classical {

/// Options of LogisticRegression.
struct LogisticOptions {
  enum class Penalty { none, l1, l2 };
  enum class Solver { automatic, newton_cg, lbfgs };
  double C = 1;  ///< inverse strength of the penalty
  Penalty penalty = Penalty::l2;
  /// Training ends once no entry of the gradient of sum(loss) + penalty / C is larger. For L1 it is
  /// the entry of the subgradient of smallest magnitude.
  double tol = 1e-4;
  std::size_t max_iter = 1000;
  bool fit_intercept = true;
  bool balanced = false;              ///< classes count in inverse proportion to their samples
  Solver solver = Solver::automatic;  ///< L1: lbfgs, which is then OWL-QN; else newton_cg
};

/// Minimises C sum_i w_i log-loss_i + penalty(W), intercepts not penalised: |W|_2^2 / 2 or |W|_1.
/// With two classes the penalty is that of the difference of their weights, as in scikit-learn: one
/// vector of weights w stands here as -w/2 and w/2.
///
/// The same bytes whatever the number of threads.
/// @throws DataError  if there is no sample
/// @throws UsageError if an option is out of range
/// @throws Cancelled  if `progress` asked to stop
LinearModel fit_logistic(const Samples& samples, const LogisticOptions& options, Progress& progress,
                         LinearReport& report);

}  // namespace thimble::classical
