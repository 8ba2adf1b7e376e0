// The function that training a linear model minimises: loss over all samples plus an L2 penalty.

#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "classical/linear_loss.hpp"
#include "classical/linear_pass.hpp"
#include "classical/linear_preconditioner.hpp"
#include "classical/newton_cg.hpp"

namespace thimble::classical {

/// loss(W) + 1/2 sum_cj penalty_j W_cj^2, for weights W, double [outputs, inputs].
///
/// Values and gradients are computed in float64; products with the Hessian, which only steer the
/// steps, in float32.
class LinearProblem : public ConvexFunction {
 public:
  /// @param features  must outlive this
  /// @param constant  value of one more feature, the last, which carries the intercept; 0: none
  /// @param penalty   for each input of an output
  /// @param check     called several times a second; may throw to end the work
  LinearProblem(const Features& features, std::unique_ptr<LinearLoss> loss, float constant,
                std::vector<double> penalty, std::function<void()> check);

  std::size_t outputs() const { return pass_.outputs(); }
  std::size_t inputs() const { return pass_.inputs(); }
  /// The loss at the last point evaluated, without the penalty.
  double loss() const { return loss_value_; }

  std::size_t groups() const override { return loss_->groups(); }
  void evaluate(std::span<const double> x, std::span<double> gradient,
                std::span<double> values) override;
  void hessian_product(std::span<const double> v, std::span<double> product) override;
  void prepare() override;
  void precondition(std::span<const double> v, std::span<double> product) const override;
  double cost_of_prepare() const override { return preconditioner_.cost(); }

 private:
  LinearPass pass_;
  std::unique_ptr<LinearLoss> loss_;
  std::vector<double> penalty_;
  std::function<void()> check_;
  LinearPreconditioner preconditioner_;
  std::uint64_t prepared_ = 0;
  double loss_value_ = 0;
};

}  // namespace thimble::classical
