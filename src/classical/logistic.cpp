#include "classical/logistic.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

#include <fmt/format.h>

#include "base/error.hpp"
#include "classical/conditioned_variables.hpp"
#include "classical/lbfgs.hpp"
#include "classical/linear_problem.hpp"
#include "classical/linear_training.hpp"
#include "classical/newton_cg.hpp"

namespace thimble::classical {
namespace {

/// Pairs that L-BFGS keeps: a step costs far more than a few more products of vectors.
constexpr std::size_t kLbfgsMemory = 20;

/// Training of logistic regression; one object a fit.
class Logistic {
 public:
  Logistic(const Samples& samples, const LinearTask& task, const LogisticOptions& options,
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
  const LinearTask& task_;
  const LogisticOptions& options_;
  Progress& progress_;
  LinearReport& report_;
  float constant_;
  LinearProblem problem_;
  std::vector<double> weights_;  ///< [outputs, inputs]
};

}  // namespace

LinearModel fit_logistic(const Samples& samples, const LogisticOptions& options, Progress& progress,
                         LinearReport& report) {
  check_linear_options("logistic", options.C, options.tol, options.max_iter);
  if (options.penalty == LogisticOptions::Penalty::l1 &&
      options.solver == LogisticOptions::Solver::newton_cg) {
    throw UsageError("logistic: solver newton-cg has no l1 penalty; lbfgs has");
  }
  const LinearTask task("logistic", samples, options.balanced);
  report = {};
  if (task.classes.size() == 1) return only_one_class(samples, task, report);
  return Logistic(samples, task, options, progress, report).run();
}

}  // namespace thimble::classical
