// Other variables for a linear model's weights, in which steepest descent is not as bad: features
// are moved to mean 0 and scaled to the same curvature. The optimum stays where it is.

#pragma once

#include <functional>
#include <span>
#include <vector>

#include "classical/features.hpp"

namespace thimble::classical {

/// weights_cj = scale_j x_cj; with an intercept, which is the last input and not penalised,
/// intercept_c = x_c,last - sum_j weights_cj mean_j.
class ConditionedVariables {
 public:
  /// @param curvature  the loss's typical second derivative
  /// @param penalty    what the penalty adds to it, for each input
  /// @param check      called now and then; may throw
  ConditionedVariables(const Features& features, std::size_t outputs, bool intercept,
                       double curvature, const std::vector<double>& penalty,
                       const std::function<void()>& check);

  void to_weights(std::span<const double> x, std::span<double> weights) const;
  /// From the derivative by the weights to that by x.
  void to_gradient(std::span<const double> weight_gradient, std::span<double> gradient) const;
  /// The way back.
  std::vector<double> weight_gradient(std::span<const double> gradient) const;
  /// For each x the strength with which strength |weights| is penalised; intercepts are not.
  std::vector<double> l1_strengths(double strength) const;

 private:
  std::size_t outputs_;
  std::size_t dims_;
  std::size_t inputs_;
  std::vector<double> mean_;   ///< [dims], zeros without an intercept
  std::vector<double> scale_;  ///< [inputs]
};

}  // namespace thimble::classical
