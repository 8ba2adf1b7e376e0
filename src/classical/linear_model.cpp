#include "classical/linear_model.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/exponential.hpp"
#include "classical/conditioned_variables.hpp"
#include "classical/lbfgs.hpp"
#include "classical/linear_problem.hpp"
#include "classical/newton_cg.hpp"

namespace thimble::classical {
namespace {

/// Pairs that L-BFGS keeps: a step costs far more than a few more products of vectors.
constexpr std::size_t kLbfgsMemory = 20;

void check_options(const char* what, double C, double tol, std::size_t max_iter) {
  if (!(C > 0) || !std::isfinite(C)) {
    throw UsageError(fmt::format("{}: C = {}, expected a number above 0", what, C));
  }
  if (!(tol > 0)) {
    throw UsageError(fmt::format("{}: tol = {}, expected a number above 0", what, tol));
  }
  if (max_iter < 1) throw UsageError(fmt::format("{}: max_iter = 0, expected 1 or more", what));
}

/// The classes that have samples, and the samples in terms of these.
struct Task {
  Task(const char* what, const Samples& samples, bool balanced)
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

  std::vector<std::int32_t> classes;
  std::vector<std::size_t> counts;  ///< samples of each
  LossTargets targets;
};

LinearModel empty_model(const Samples& samples, const Task& task) {
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

LinearModel only_one_class(const Samples& samples, const Task& task, LinearReport& report) {
  report.stopped_because = "only one class has samples: nothing to tell apart";
  report.converged = true;
  return empty_model(samples, task);
}

/// Training of logistic regression; one object a fit.
class Logistic {
 public:
  Logistic(const Samples& samples, const Task& task, const LogisticOptions& options,
           Progress& progress, LinearReport& report)
      : samples_(samples),
        task_(task),
        options_(options),
        progress_(progress),
        report_(report),
        constant_(options.fit_intercept ? 1.0F : 0.0F),
        problem_(samples.features, make_softmax_loss(task.targets), constant_, l2_penalty(),
                 stop_check(progress)),
        weights_(problem_.outputs() * problem_.inputs()) {}

  LinearModel run() {
    const bool newton = options_.solver != LogisticOptions::Solver::lbfgs &&
                        options_.penalty != LogisticOptions::Penalty::l1;
    report_.stopped_because = newton ? run_newton() : run_lbfgs();
    if (options_.penalty == LogisticOptions::Penalty::none && separated()) {
      report_.stopped_because +=
          "; the classes can be separated, so that without a penalty the weights have no optimum "
          "but grow without bound";
    }
    report_.objective *= options_.C;
    LinearModel model = empty_model(samples_, task_);
    if (problem_.outputs() == 2) center_two();
    for (std::size_t c = 0; c < problem_.outputs(); ++c) {
      set_class(model, task_.classes[c],
                std::span(weights_).subspan(c * problem_.inputs(), problem_.inputs()),
                static_cast<double>(constant_), 1);
    }
    return model;
  }

 private:
  std::vector<double> l2_penalty() const {
    std::vector<double> penalty(samples_.features.dims() + (options_.fit_intercept ? 1 : 0));
    if (options_.penalty == LogisticOptions::Penalty::l2) {
      // |w|^2 / 2 of the difference w = 2u of two classes' weights -u and u is |-u|^2 + |u|^2.
      const double strength = (task_.classes.size() == 2 ? 2 : 1) / options_.C;
      std::fill_n(penalty.begin(), samples_.features.dims(), strength);
    }
    return penalty;
  }

  /// Notes where training stands; true once the gradient is small enough.
  bool far_enough(std::size_t iteration, double value, double gradient) {
    report_.iterations = iteration;
    report_.objective = value;
    report_.largest_gradient = gradient;
    report_.mean_loss = problem_.loss() / static_cast<double>(samples_.size());
    progress_.update(iteration, options_.max_iter,
                     fmt::format("loss {:.6f}  gradient {:.2g}", report_.mean_loss, gradient));
    report_.converged = gradient <= options_.tol;
    return report_.converged;
  }

  std::string in_words(bool out_of_iterations, const char* kind) const {
    const std::string entry =
        fmt::format("largest entry of the gradient {:.2g}", report_.largest_gradient);
    const std::string steps = counted(report_.iterations, kind);
    if (report_.converged) {
      return fmt::format("{} not above tol {:g} after {}", entry, options_.tol, steps);
    }
    if (out_of_iterations) {
      return fmt::format("all {} of max_iter done, {} still above tol {:g}", steps, entry,
                         options_.tol);
    }
    return fmt::format("no further decrease within float64 after {}, {} above tol {:g}", steps,
                       entry, options_.tol);
  }

  std::string run_newton() {
    NewtonOptions newton;
    newton.max_iterations = options_.max_iter;
    newton.converged = [this](const NewtonState& state) {
      report_.hessian_products = state.products;
      return far_enough(state.iteration, state.values[0], largest_entry(state.gradient));
    };
    newton.check = stop_check(progress_);
    const NewtonResult result = minimize_newton(problem_, weights_, newton);
    report_.evaluations = result.evaluations;
    report_.hessian_products = result.products;
    return in_words(result.stop == NewtonStop::max_iterations, "Newton step");
  }

  std::string run_lbfgs() {
    const bool l1 = options_.penalty == LogisticOptions::Penalty::l1;
    const auto k = static_cast<double>(problem_.outputs());
    // p (1 - p) at the start, where all classes are as likely.
    const double curvature = (1 - 1 / k) / k;
    const ConditionedVariables variables(samples_.features, problem_.outputs(),
                                         options_.fit_intercept, curvature, l2_penalty(),
                                         stop_check(progress_));
    std::vector<double> gradient(weights_.size());
    const auto function = [&](std::span<const double> x, std::span<double> out) {
      variables.to_weights(x, weights_);
      double value = 0;
      problem_.evaluate(weights_, gradient, {&value, 1});
      variables.to_gradient(gradient, out);
      return value;
    };
    LbfgsOptions lbfgs;
    lbfgs.memory = kLbfgsMemory;
    lbfgs.max_iterations = options_.max_iter;
    if (l1) lbfgs.l1 = variables.l1_strengths(1 / options_.C);
    lbfgs.converged = [&](const LbfgsState& state) {
      return far_enough(state.iteration, state.value,
                        largest_entry(variables.weight_gradient(state.gradient)));
    };
    std::vector<double> x(weights_.size());
    const LbfgsResult result = minimize_lbfgs(function, x, lbfgs);
    variables.to_weights(x, weights_);
    report_.evaluations = result.evaluations;
    return in_words(result.stop == LbfgsStop::max_iterations,
                    l1 ? "OWL-QN iteration" : "L-BFGS iteration");
  }

  /// True if every sample's own class has the highest decision, alone.
  bool separated() const {
    const LinearPass pass(samples_.features, problem_.outputs(), constant_);
    std::atomic<bool> all = true;
    pass.decide(weights_, [&](BlockRows rows, const float* z) {
      for (std::size_t r = 0; r < rows.size; ++r) {
        const auto own = static_cast<std::size_t>(task_.targets.labels[rows.begin + r]);
        for (std::size_t c = 0; c < problem_.outputs(); ++c) {
          if (c != own && z[c * kBlockRows + r] >= z[own * kBlockRows + r]) all = false;
        }
      }
    });
    return all;
  }

  /// Only the difference of two classes' weights is determined where the penalty is L1 or none.
  void center_two() {
    const std::size_t inputs = problem_.inputs();
    for (std::size_t j = 0; j < inputs; ++j) {
      const double half = (weights_[inputs + j] - weights_[j]) / 2;
      weights_[j] = -half;
      weights_[inputs + j] = half;
    }
  }

  const Samples& samples_;
  const Task& task_;
  const LogisticOptions& options_;
  Progress& progress_;
  LinearReport& report_;
  float constant_;
  LinearProblem problem_;
  std::vector<double> weights_;  ///< [outputs, inputs]
};

/// How far each output's gradient still is from where LIBLINEAR stops: at 1.
class LiblinearRule {
 public:
  LiblinearRule(const Task& task, std::size_t outputs, double tol) {
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

}  // namespace

LinearModel fit_logistic(const Samples& samples, const LogisticOptions& options, Progress& progress,
                         LinearReport& report) {
  check_options("logistic", options.C, options.tol, options.max_iter);
  if (options.penalty == LogisticOptions::Penalty::l1 &&
      options.solver == LogisticOptions::Solver::newton_cg) {
    throw UsageError("logistic: solver newton-cg has no l1 penalty; lbfgs has");
  }
  const Task task("logistic", samples, options.balanced);
  report = {};
  if (task.classes.size() == 1) return only_one_class(samples, task, report);
  return Logistic(samples, task, options, progress, report).run();
}

LinearModel fit_linear_svm(const Samples& samples, const LinearSvmOptions& options,
                           Progress& progress, LinearReport& report) {
  check_options("linear-svm", options.C, options.tol, options.max_iter);
  if (options.fit_intercept && !(options.intercept_scaling > 0)) {
    throw UsageError(fmt::format("linear-svm: intercept_scaling = {}, expected a number above 0",
                                 options.intercept_scaling));
  }
  const Task task("linear-svm", samples, options.balanced);
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
  const std::string steps = counted(result.iterations, "Newton step");
  const std::string length = fmt::format(
      "every class's gradient {:.2g} of the length that tol {:g} allows", distance, options.tol);
  report.stopped_because =
      result.stop == NewtonStop::converged ? fmt::format("{} or less after {}", length, steps)
      : result.stop == NewtonStop::max_iterations
          ? fmt::format("all {} of max_iter done, {} or less", steps, length)
          : fmt::format("no further decrease within float64 after {}, {} or less", steps, length);

  LinearModel model = empty_model(samples, task);
  for (std::size_t c = 0; c < task.classes.size(); ++c) {
    const bool mirrored = problem.outputs() == 1 && c == 0;
    const std::size_t output = problem.outputs() == 1 ? 0 : c;
    set_class(model, task.classes[c],
              std::span(weights).subspan(output * problem.inputs(), problem.inputs()),
              static_cast<double>(constant), mirrored ? -1 : 1);
  }
  return model;
}

void predict_softmax(const LinearModel& model, const Features& features, std::span<float> out) {
  if (features.dims() != model.dims || out.size() != features.size() * model.classes) {
    throw ShapeError(
        fmt::format("linear model: got {} features, expected {}", features.dims(), model.dims));
  }
  const LinearPass pass(features, model.classes, 1.0F);
  std::vector<double> weights(model.classes * (model.dims + 1));
  for (std::size_t c = 0; c < model.classes; ++c) {
    const auto from = std::span(model.weights).subspan(c * model.dims, model.dims);
    std::ranges::copy(from, weights.begin() + static_cast<std::ptrdiff_t>(c * (model.dims + 1)));
    weights[(c + 1) * (model.dims + 1) - 1] = model.intercepts[c];
  }
  pass.decide(weights, [&](BlockRows rows, const float* z) {
    for (std::size_t r = 0; r < rows.size; ++r) {
      float* row = out.data() + (rows.begin + r) * model.classes;
      float highest = -HUGE_VALF;
      for (std::size_t c = 0; c < model.classes; ++c) {
        if (model.present[c]) highest = std::max(highest, z[c * kBlockRows + r]);
      }
      float sum = 0;
      for (std::size_t c = 0; c < model.classes; ++c) {
        row[c] =
            model.present[c]
                ? exp_of_nonpositive(std::max(z[c * kBlockRows + r] - highest, kLowestExponent))
                : 0.0F;
        sum += row[c];
      }
      for (std::size_t c = 0; c < model.classes; ++c) row[c] /= sum;
    }
  });
}

}  // namespace thimble::classical
