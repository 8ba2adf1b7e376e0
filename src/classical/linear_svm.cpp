#include "classical/linear_svm.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "base/error.hpp"
#include "classical/linear_problem.hpp"
#include "classical/linear_training.hpp"
#include "classical/newton_cg.hpp"

namespace thimble::classical {
namespace {

/// How far each output's gradient still is from where LIBLINEAR stops: at 1.
class LiblinearRule {
 public:
  LiblinearRule(const LinearTask& task, std::size_t outputs, double tol) {
    const std::size_t n = task.targets.size();
    for (std::size_t c = 0; c < outputs; ++c) {
      const std::size_t rarer = std::min(task.counts[c], n - task.counts[c]);
      tolerance_.push_back(tol * static_cast<double>(std::max<std::size_t>(rarer, 1)) /
                           static_cast<double>(n));
    }
  }

  /// The largest of |gradient|_2 / (tolerance |first gradient|_2), the first call's being the
  /// first.
  double distance(std::span<const double> gradient) {
    const std::size_t part = gradient.size() / tolerance_.size();
    std::vector<double> norms;
    for (std::size_t c = 0; c < tolerance_.size(); ++c) {
      const auto own = gradient.subspan(c * part, part);
      norms.push_back(std::sqrt(std::inner_product(own.begin(), own.end(), own.begin(), 0.0)));
    }
    if (first_.empty()) first_ = norms;
    double distance = 0;
    for (std::size_t c = 0; c < norms.size(); ++c) {
      if (first_[c] > 0) distance = std::max(distance, norms[c] / (tolerance_[c] * first_[c]));
    }
    return distance;
  }

 private:
  std::vector<double> tolerance_;
  std::vector<double> first_;
};

std::string in_words(const NewtonResult& result, double distance, double tol) {
  const std::string steps = counted(result.iterations, "Newton step");
  const std::string length = fmt::format(
      "every class's gradient at most {:.2g} of the length that tol {:g} allows", distance, tol);
  switch (result.stop) {
    case NewtonStop::converged:
      return fmt::format("{} after {}", length, steps);
    case NewtonStop::max_iterations:
      return fmt::format("all {} of max_iter done, {}", steps, length);
    default:
      return fmt::format("no further decrease within float64 after {}, {}", steps, length);
  }
}

LinearModel to_model(const Samples& samples, const LinearTask& task,
                     std::span<const double> weights, double constant) {
  LinearModel model = empty_model(samples, task);
  const bool two = task.classes.size() == 2;
  const std::size_t inputs = weights.size() / (two ? 1 : task.classes.size());
  for (std::size_t c = 0; c < task.classes.size(); ++c) {
    set_class(model, task.classes[c], weights.subspan(two ? 0 : c * inputs, inputs), constant,
              two && c == 0 ? -1 : 1);
  }
  return model;
}

}  // namespace

LinearModel fit_linear_svm(const Samples& samples, const LinearSvmOptions& options,
                           Progress& progress, LinearReport& report) {
  check_linear_options("linear-svm", options.C, options.tol, options.max_iter);
  if (options.fit_intercept && !(options.intercept_scaling > 0)) {
    throw UsageError(fmt::format("linear-svm: intercept_scaling = {}, expected a number above 0",
                                 options.intercept_scaling));
  }
  const LinearTask task("linear-svm", samples, options.balanced);
  report = {};
  if (task.classes.size() == 1) return only_one_class(samples, task, report);

  const float constant =
      options.fit_intercept ? static_cast<float>(options.intercept_scaling) : 0.0F;
  std::vector<double> penalty(samples.features.dims() + (options.fit_intercept ? 1 : 0),
                              1 / options.C);
  LinearProblem problem(samples.features, make_squared_hinge_loss(task.targets), constant,
                        std::move(penalty), stop_check(progress));
  LiblinearRule rule(task, problem.outputs(), options.tol);
  double distance = 0;
  NewtonOptions newton;
  newton.max_iterations = options.max_iter;
  newton.check = stop_check(progress);
  newton.converged = [&](const NewtonState& state) {
    distance = rule.distance(state.gradient);
    report.iterations = state.iteration;
    report.objective = options.C * std::accumulate(state.values.begin(), state.values.end(), 0.0);
    report.mean_loss = problem.loss() / static_cast<double>(samples.size());
    report.largest_gradient = largest_entry(state.gradient);
    progress.update(
        state.iteration, options.max_iter,
        fmt::format("loss {:.6f}  gradient {:.2g}", report.mean_loss, report.largest_gradient));
    report.converged = distance <= 1;
    return report.converged;
  };
  std::vector<double> weights(problem.outputs() * problem.inputs());
  const NewtonResult result = minimize_newton(problem, weights, newton);
  report.evaluations = result.evaluations;
  report.hessian_products = result.products;
  report.stopped_because = in_words(result, distance, options.tol);
  return to_model(samples, task, weights, static_cast<double>(constant));
}

}  // namespace thimble::classical
