// Minimising smooth functions of many variables, with an L1 penalty or without.
//
// L-BFGS: Nocedal and Wright, "Numerical Optimization", 2nd edition, algorithms 7.4 (two-loop
// recursion) and 7.5, with the line search of algorithms 3.5 and 3.6 for the strong Wolfe
// conditions. OWL-QN, for f(x) + sum_i l1_i |x_i|: Andrew and Gao, "Scalable training of
// L1-regularized log-linear models", ICML 2007.

#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace thimble::classical {

/// Returns f(x) and writes its gradient.
using SmoothFunction = std::function<double(std::span<const double> x, std::span<double> gradient)>;

/// Where the search stands, for deciding whether it has come far enough.
struct LbfgsState {
  std::size_t iteration;  ///< steps taken
  double value;           ///< with the L1 penalty
  std::span<const double> x;
  /// With an L1 penalty the pseudo-gradient: the subgradient of smallest magnitude.
  std::span<const double> gradient;
};

struct LbfgsOptions {
  std::size_t memory = 10;  ///< pairs of steps and gradient differences kept
  std::size_t max_iterations = 1000;
  /// Strength of the L1 penalty for each variable, >= 0; empty: none, and plain L-BFGS.
  std::vector<double> l1;
  /// Asked before every step; true ends the search. May throw.
  std::function<bool(const LbfgsState&)> converged;
};

enum class LbfgsStop {
  converged,       ///< options.converged said so
  max_iterations,  ///< all steps taken
  no_progress      ///< no step decreases the function within the precision of its values
};

struct LbfgsResult {
  LbfgsStop stop = LbfgsStop::converged;
  std::size_t iterations = 0;
  std::size_t evaluations = 0;
  double value = 0;
};

/// Minimises `function` from `x`, which ends as the best point found.
/// @throws DataError   if the function or its gradient is not finite at the start
/// @throws ShapeError  if there are not as many L1 strengths as variables
LbfgsResult minimize_lbfgs(const SmoothFunction& function, std::span<double> x,
                           const LbfgsOptions& options);

}  // namespace thimble::classical
