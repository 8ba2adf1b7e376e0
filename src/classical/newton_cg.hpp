// Truncated Newton: minimising a convex function whose Hessian can be multiplied with a vector.
//
// Newton's equations are solved by preconditioned conjugate gradients, only as precisely as the
// step deserves, and the step is shortened until the function decreases enough. Nocedal and Wright,
// "Numerical Optimization", 2nd edition, algorithm 7.1; for linear models Galli and Lin, "A study
// on truncated Newton methods for linear classification", IEEE TNNLS 2021, as in LIBLINEAR.

#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

namespace thimble::classical {

/// A convex function, possibly a sum of functions of one group of variables each: the variables are
/// then groups() equal parts, and every part has its own steps.
class ConvexFunction {
 public:
  virtual ~ConvexFunction() = default;
  virtual std::size_t groups() const { return 1; }

  /// Writes the gradient and each group's value. hessian_product() and prepare() refer to the point
  /// of the last call.
  virtual void evaluate(std::span<const double> x, std::span<double> gradient,
                        std::span<double> values) = 0;
  virtual void hessian_product(std::span<const double> v, std::span<double> product) = 0;

  /// Makes an approximation of the inverse Hessian at the last point...
  virtual void prepare() = 0;
  /// ... and multiplies with it.
  virtual void precondition(std::span<const double> v, std::span<double> product) const = 0;
  /// What prepare() costs, in Hessian products.
  virtual double cost_of_prepare() const = 0;
};

struct NewtonState {
  std::size_t iteration;
  std::size_t products;  ///< with the Hessian
  std::span<const double> values;
  std::span<const double> gradient;
};

struct NewtonOptions {
  std::size_t max_iterations = 1000;
  /// Asked before every step; true ends the search. May throw.
  std::function<bool(const NewtonState&)> converged;
  /// Asked between Hessian products; may throw to end the search.
  std::function<void()> check;
};

enum class NewtonStop { converged, max_iterations, no_progress };

struct NewtonResult {
  NewtonStop stop = NewtonStop::converged;
  std::size_t iterations = 0;
  std::size_t evaluations = 0;
  std::size_t products = 0;
};

/// Minimises from `x`, which ends as the best point found.
NewtonResult minimize_newton(ConvexFunction& function, std::span<double> x,
                             const NewtonOptions& options);

}  // namespace thimble::classical
