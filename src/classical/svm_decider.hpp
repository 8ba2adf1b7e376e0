// What a support vector machine says of samples.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "classical/features.hpp"
#include "classical/svm.hpp"

namespace thimble::classical {

/// A model ready to decide.
///
/// Thread safety: const functions may be called from several threads at once.
class SvmDecider {
 public:
  /// Borrows the model.
  explicit SvmDecider(const SvmModel& model);
  ~SvmDecider();

  /// Calls `use` with every sample and its decision values, double [pairs], above 0 for the pair's
  /// first class; from several threads, in no particular order.
  /// @throws ShapeError  if the features are not as those of the support vectors
  void decide(const Features& features,
              const std::function<void(std::size_t sample, std::span<const double>)>& use) const;

  /// The same, kept: double [features.size(), pairs].
  std::vector<double> decision_values(const Features& features) const;

 private:
  struct Panels;

  const SvmModel& model_;
  std::unique_ptr<Panels> panels_;
};

/// Which class wins most pairs; of several the first, as in libsvm.
std::size_t vote(std::span<const double> decision_values, std::size_t classes);

/// Numbers above 0 that sum to 1, the largest of them at vote(): every class's votes plus, as in
/// scikit-learn's decision_function_shape="ovr", the sum s of its decision values as
/// s / (3 (|s| + 1)), plus 1/3, divided by their sum. Where this would put another of several
/// classes with the most votes first, that one and the winner change places.
/// @param out  double [classes]
void vote_shares(std::span<const double> decision_values, std::span<double> out);

/// Probabilities by pairwise coupling of the sigmoids; their largest need not be at vote().
/// @param out  double [classes]
void coupled_probabilities(const SvmModel& model, std::span<const double> decision_values,
                           std::span<double> out);

}  // namespace thimble::classical
