#include "classical/linear_problem.hpp"

#include <numeric>

namespace thimble::classical {
namespace {

/// Makes each input's weights sum to 0 over the outputs.
void remove_mean(std::span<double> weights, std::size_t outputs) {
  const std::size_t inputs = weights.size() / outputs;
  for (std::size_t j = 0; j < inputs; ++j) {
    double mean = 0;
    for (std::size_t c = 0; c < outputs; ++c) mean += weights[c * inputs + j];
    mean /= static_cast<double>(outputs);
    for (std::size_t c = 0; c < outputs; ++c) weights[c * inputs + j] -= mean;
  }
}

}  // namespace

LinearProblem::LinearProblem(const Features& features, std::unique_ptr<LinearLoss> loss,
                             float constant, std::vector<double> penalty,
                             std::function<void()> check)
    : pass_(features, loss->outputs(), constant),
      loss_(std::move(loss)),
      penalty_(std::move(penalty)),
      check_(std::move(check)),
      preconditioner_(features, constant, penalty_) {}

void LinearProblem::evaluate(std::span<const double> x, std::span<double> gradient,
                             std::span<double> values) {
  check_();
  pass_.run<double>(
      x,
      [this](BlockRows rows, double* z, std::span<double> some) { loss_->evaluate(rows, z, some); },
      gradient, values);
  loss_value_ = std::accumulate(values.begin(), values.end(), 0.0);
  for (std::size_t c = 0; c < outputs(); ++c) {
    double& value = values[groups() == 1 ? 0 : c];
    for (std::size_t j = 0; j < inputs(); ++j) {
      const std::size_t i = c * inputs() + j;
      gradient[i] += penalty_[j] * x[i];
      value += 0.5 * penalty_[j] * x[i] * x[i];
    }
  }
}

void LinearProblem::hessian_product(std::span<const double> v, std::span<double> product) {
  check_();
  pass_.run<float>(v,
                   [this](BlockRows rows, float* z, std::span<double>) { loss_->curve(rows, z); },
                   product, {});
  for (std::size_t i = 0; i < product.size(); ++i) product[i] += penalty_[i % inputs()] * v[i];
}

void LinearProblem::prepare() {
  check_();
  std::vector<double> diagonal(outputs() * inputs());
  pass_.sum_squares([this](BlockRows rows, float* r) { loss_->curvatures(rows, r); }, diagonal);
  preconditioner_.prepare(*loss_, diagonal, prepared_++, check_);
}

void LinearProblem::precondition(std::span<const double> v, std::span<double> product) const {
  if (!loss_->shift_invariant()) {
    preconditioner_.apply(v, product);
    return;
  }
  // Equal weights for all outputs are a direction without any loss, which the blocks, each for
  // itself, take for one of high curvature; without it conjugate gradients need a tenth of the
  // steps.
  std::vector<double> balanced(v.begin(), v.end());
  remove_mean(balanced, outputs());
  preconditioner_.apply(balanced, product);
  remove_mean(product, outputs());
}

}  // namespace thimble::classical
