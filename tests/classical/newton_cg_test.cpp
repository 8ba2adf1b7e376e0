#include "classical/newton_cg.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace thimble::classical {
namespace {

using Vector = std::vector<double>;

/// sum over groups of sum_i scale_g (cosh(x_i - center_i) - 1) + (x_i - x_{i+1})^2: each group with
/// curvatures of its own.
class Valleys : public ConvexFunction {
 public:
  Valleys(Vector scales, Vector centers)
      : scales_(std::move(scales)), centers_(std::move(centers)) {}

  std::size_t groups() const override { return scales_.size(); }
  void evaluate(std::span<const double> x, std::span<double> gradient,
                std::span<double> values) override {
    x_.assign(x.begin(), x.end());
    const std::size_t part = x.size() / groups();
    for (std::size_t g = 0; g < groups(); ++g) {
      values[g] = 0;
      for (std::size_t i = g * part; i < (g + 1) * part; ++i) {
        const double away = x[i] - centers_[i];
        values[g] += 2 * scales_[g] * std::pow(std::sinh(away / 2), 2);
        gradient[i] = scales_[g] * std::sinh(away);
      }
      for (std::size_t i = g * part; i + 1 < (g + 1) * part; ++i) {
        const double apart = (x[i] - centers_[i]) - (x[i + 1] - centers_[i + 1]);
        values[g] += apart * apart;
        gradient[i] += 2 * apart;
        gradient[i + 1] -= 2 * apart;
      }
    }
  }
  void hessian_product(std::span<const double> v, std::span<double> product) override {
    const std::size_t part = v.size() / groups();
    for (std::size_t g = 0; g < groups(); ++g) {
      for (std::size_t i = g * part; i < (g + 1) * part; ++i) {
        product[i] = scales_[g] * std::cosh(x_[i] - centers_[i]) * v[i];
      }
      for (std::size_t i = g * part; i + 1 < (g + 1) * part; ++i) {
        product[i] += 2 * (v[i] - v[i + 1]);
        product[i + 1] -= 2 * (v[i] - v[i + 1]);
      }
    }
  }
  void prepare() override { ++prepared; }
  void precondition(std::span<const double> v, std::span<double> product) const override {
    std::copy(v.begin(), v.end(), product.begin());
  }
  double cost_of_prepare() const override { return 3; }

  int prepared = 0;

 private:
  Vector scales_;
  Vector centers_;
  Vector x_;
};

double largest_entry(std::span<const double> values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

TEST(NewtonCg, FindsTheMinimumOfEveryGroup) {
  const Vector centers{1, 2, 3, -4, 5, -6, 0, 9, 2, 0.5, 7, 1};
  Valleys valleys({1, 100, 1e-3}, centers);
  Vector x(centers.size());
  NewtonOptions options;
  options.converged = [](const NewtonState& state) { return largest_entry(state.gradient) < 1e-9; };
  const NewtonResult result = minimize_newton(valleys, x, options);
  EXPECT_EQ(result.stop, NewtonStop::converged);
  EXPECT_GE(valleys.prepared, 2);
  EXPECT_LT(result.iterations, 40U);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], centers[i], 1e-5);
}

TEST(NewtonCg, StopsWhenTold) {
  Valleys valleys({1}, {3, 4, 5});
  Vector x(3);
  NewtonOptions options;
  options.max_iterations = 2;
  EXPECT_EQ(minimize_newton(valleys, x, options).stop, NewtonStop::max_iterations);
  options.check = [] { throw std::runtime_error("stop"); };
  EXPECT_THROW(minimize_newton(valleys, x, options), std::runtime_error);
}

TEST(NewtonCg, EndsWhereRoundingLeavesNothingToGain) {
  Valleys valleys({1}, {3, 4, 5});
  Vector x(3);
  const NewtonResult result = minimize_newton(valleys, x, {});
  EXPECT_EQ(result.stop, NewtonStop::no_progress);
  EXPECT_LT(result.iterations, 30U);
  EXPECT_NEAR(x[2], 5, 1e-9);
}

}  // namespace
}  // namespace thimble::classical
