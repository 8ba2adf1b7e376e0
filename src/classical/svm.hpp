// Support vector machines with kernels, one against one.
//
// The same problem as libsvm's C-SVC (C.-C. Chang, C.-J. Lin, "LIBSVM: a library for support vector
// machines", ACM TIST 2, 2011) and scikit-learn's SVC, to the same optimum: a binary problem for
// each pair of classes (svm_pair.hpp), which vote.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/progress.hpp"
#include "classical/features.hpp"
#include "classical/kernel.hpp"
#include "classical/platt.hpp"
#include "linalg/matrix.hpp"

namespace thimble::classical {

enum class GammaRule {
  scale,  ///< 1 / (d * variance of all training values)
  auto_,  ///< 1 / d
  value,  ///< as given in the kernel
};

/// Named as scikit-learn's SVC names them.
struct SvmOptions {
  double C = 1;
  Kernel kernel;
  GammaRule gamma_rule = GammaRule::scale;
  double tol = 1e-3;              ///< largest violation of the optimality conditions
  bool balanced = false;          ///< C of a class times n / (classes present * its samples)
  bool probability = false;       ///< Platt scaling, by five-fold cross-validation of every pair
  std::int64_t max_iter = -1;     ///< of a pair's solver; -1: libsvm's, 10^7 or 100 n if more
  std::size_t cache_size = 2000;  ///< MB of kernel rows to keep while fitting
  std::uint64_t seed = 1;         ///< of the folds
};

/// What decides: support vectors in the order of their classes.
struct SvmModel {
  Kernel kernel;                      ///< gamma spelled out
  std::vector<std::int32_t> classes;  ///< int32 [k], those with a training sample, ascending
  std::vector<std::size_t> counts;    ///< [k], support vectors of each class

  bool is_bytes = false;
  std::size_t dims = 0;
  float scale = 1;
  std::vector<std::uint8_t> bytes;  ///< uint8 [n, dims]; or
  linalg::Matrix values;            ///< float32 [n, dims]

  /// double [k - 1, n]: with the vectors of class i, row j - 1 decides between i and a later class
  /// j, row j between i and an earlier class j.
  std::vector<double> coefficients;
  std::vector<double> rho;     ///< double [pairs]; pairs in the order (0, 1), (0, 2), ... (1, 2)
  std::vector<Sigmoid> platt;  ///< [pairs], or empty without probabilities

  std::size_t size() const;
  std::size_t pairs() const { return classes.size() * (classes.size() - 1) / 2; }
  /// The support vectors; borrows.
  Features vectors() const;
};

/// What fitting did.
struct SvmFit {
  SvmModel model;
  std::vector<double> objectives;         ///< double [pairs], of the dual, to be minimised
  std::vector<std::uint64_t> iterations;  ///< [pairs], those of the cross-validation not counted
  std::size_t converged = 0;              ///< pairs
  double largest_violation = 0;
  std::uint64_t kernel_values = 0;  ///< how many were computed
  std::size_t kernel_bytes = 0;     ///< the most that were kept
};

/// Deterministic for the options' seed, whatever the number of threads.
/// @throws DataError  if fewer than two classes have a sample
/// @throws Cancelled  if `progress` asked to stop
SvmFit fit_svm(const Samples& train, const SvmOptions& options, Progress& progress);

}  // namespace thimble::classical
