#include "classical/linear_training.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.hpp"

namespace thimble::classical {

void check_linear_options(const char* what, double C, double tol, std::size_t max_iter) {
  if (!(C > 0) || !std::isfinite(C)) {
    throw UsageError(fmt::format("{}: C = {}, expected a number above 0", what, C));
  }
  if (!(tol > 0)) {
    throw UsageError(fmt::format("{}: tol = {}, expected a number above 0", what, tol));
  }
  if (max_iter < 1) throw UsageError(fmt::format("{}: max_iter = 0, expected 1 or more", what));
}

LinearTask::LinearTask(const char* what, const Samples& samples, bool balanced)
    : classes(present_classes(samples)) {
  if (samples.size() == 0) throw DataError(fmt::format("{}: no training samples", what));
  std::vector<std::int32_t> index(samples.classes, -1);
  for (std::size_t c = 0; c < classes.size(); ++c) {
    index[static_cast<std::size_t>(classes[c])] = static_cast<std::int32_t>(c);
  }
  counts.resize(classes.size());
  targets.labels.reserve(samples.size());
  for (const std::int32_t label : samples.labels) {
    targets.labels.push_back(index[static_cast<std::size_t>(label)]);
    ++counts[static_cast<std::size_t>(targets.labels.back())];
  }
  for (const std::size_t count : counts) {
    targets.class_weights.push_back(balanced ? static_cast<double>(samples.size()) /
                                                   static_cast<double>(classes.size() * count)
                                             : 1.0);
  }
}

LinearModel empty_model(const Samples& samples, const LinearTask& task) {
  LinearModel model;
  model.classes = samples.classes;
  model.dims = samples.features.dims();
  model.weights.resize(model.classes * model.dims);
  model.intercepts.resize(model.classes);
  model.present.resize(model.classes);
  for (const std::int32_t c : task.classes) model.present[static_cast<std::size_t>(c)] = true;
  return model;
}

/// Puts an output's weights, times `factor`, into a class's place.
void set_class(LinearModel& model, std::int32_t present_class, std::span<const double> weights,
               double constant, double factor) {
  const auto c = static_cast<std::size_t>(present_class);
  for (std::size_t j = 0; j < model.dims; ++j)
    model.weights[c * model.dims + j] = factor * weights[j];
  if (constant != 0) model.intercepts[c] = factor * constant * weights[model.dims];
}

LinearModel only_one_class(const Samples& samples, const LinearTask& task, LinearReport& report) {
  report.stopped_because = "only one class has samples: nothing to tell apart";
  report.converged = true;
  return empty_model(samples, task);
}

double largest_entry(std::span<const double> values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

std::function<void()> stop_check(Progress& progress) {
  return [&progress] {
    if (progress.stop_requested()) throw Cancelled("training stopped");
  };
}

std::string counted(std::size_t n, const char* what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

}  // namespace thimble::classical
