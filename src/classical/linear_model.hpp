// What linear classifiers are once they are trained.

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "classical/features.hpp"

namespace thimble::classical {

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

/// The softmax of the decisions over the classes present; 0 for the others.
/// @param out  float [features.size(), classes]
void predict_softmax(const LinearModel& model, const Features& features, std::span<float> out);

}  // namespace thimble::classical
