// Linear classifiers: multinomial logistic regression and linear support vector machines, both
// solved to the optimum of scikit-learn's objectives.
//
// Newton's method with conjugate gradients (classical/newton_cg.hpp) needs some tens of passes over
// the samples where L-BFGS needs thousands; L-BFGS and, for L1, OWL-QN (classical/lbfgs.hpp) are
// there too.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "classical/features.hpp"

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

/// How training went.
struct LinearReport {
  std::string stopped_because;  ///< in words and figures
  bool converged = false;
  std::size_t iterations = 0;
  std::size_t evaluations = 0;  ///< of the function and its gradient
  std::size_t hessian_products = 0;
  double objective = 0;         ///< C sum(loss) + penalty
  double mean_loss = 0;         ///< per sample, unweighted classes or not as trained
  double largest_gradient = 0;  ///< largest entry, for sum(loss) + penalty / C
};

/// decision_c(x) = weights_c . x + intercept_c. Classes without a training sample have zeros and
/// `present` false.
struct LinearModel {
  std::size_t classes = 0;
  std::size_t dims = 0;
  std::vector<double> weights;     ///< [classes, dims]
  std::vector<double> intercepts;  ///< [classes]
  std::vector<bool> present;       ///< [classes]
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

/// Minimises for every class C sum_i w_i max(0, 1 - s_i z_i)^2 + |w|_2^2 / 2, with s_i = 1 for its
/// samples and -1 for the others. With two classes this is one problem, and the first class's
/// weights are the second's with the opposite sign.
LinearModel fit_linear_svm(const Samples& samples, const LinearSvmOptions& options,
                           Progress& progress, LinearReport& report);

/// The softmax of the decisions over the classes present; 0 for the others.
/// @param out  float [features.size(), classes]
void predict_softmax(const LinearModel& model, const Features& features, std::span<float> out);

}  // namespace thimble::classical
