// What training of logistic regression and of linear support vector machines share.

#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "classical/features.hpp"
#include "classical/linear_loss.hpp"
#include "classical/linear_model.hpp"

namespace thimble::classical {

/// @param what  the model's name, for messages
/// @throws UsageError  if an option is out of range
void check_linear_options(const char* what, double C, double tol, std::size_t max_iter);

/// The classes that have samples, and the samples in terms of these.
struct LinearTask {
  /// @param balanced  whether classes count in inverse proportion to their samples
  /// @throws DataError  if there are none
  LinearTask(const char* what, const Samples& samples, bool balanced);

  std::vector<std::int32_t> classes;  ///< ascending
  std::vector<std::size_t> counts;    ///< samples of each
  LossTargets targets;
};

/// All zero, with the task's classes present.
LinearModel empty_model(const Samples& samples, const LinearTask& task);

/// What is learned where there is only one class.
LinearModel only_one_class(const Samples& samples, const LinearTask& task, LinearReport& report);

/// Puts an output's weights, times `factor`, into a class's place.
/// @param weights   double [dims] or, with an intercept, [dims + 1]
/// @param constant  what the last weight is multiplied with; 0: there is no intercept
void set_class(LinearModel& model, std::int32_t present_class, std::span<const double> weights,
               double constant, double factor);

/// Throws Cancelled once `progress` asks to stop.
std::function<void()> stop_check(Progress& progress);

double largest_entry(std::span<const double> values);

/// "1 step", "2 steps"
std::string counted(std::size_t n, const char* what);

}  // namespace thimble::classical
