#include "classical/linear_problem.hpp"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "linear_samples.hpp"

namespace thimble::classical {
namespace {

using Vector = std::vector<double>;
using MakeLoss = std::unique_ptr<LinearLoss> (*)(LossTargets);

/// A problem with samples of unequal weight, 11 features and the intercept's.
struct Drawn {
  explicit Drawn(MakeLoss make, std::size_t classes, std::size_t n = 150)
      : samples(n, 11, classes), features(samples.features()) {
    Vector weights(classes);
    std::iota(weights.begin(), weights.end(), 1.0);
    Vector penalty(12, 0.7);
    penalty.back() = 0.1;
    problem = std::make_unique<LinearProblem>(features, make({samples.labels, weights}), 1.5F,
                                              penalty, [] {});
    Random random(4);
    point.resize(problem->outputs() * problem->inputs());
    for (double& x : point) x = 0.5 * random.normal();
  }

  double value(const Vector& at) {
    Vector gradient(at.size()), values(problem->groups());
    problem->evaluate(at, gradient, values);
    return std::accumulate(values.begin(), values.end(), 0.0);
  }
  Vector gradient(const Vector& at) {
    Vector gradient(at.size()), values(problem->groups());
    problem->evaluate(at, gradient, values);
    return gradient;
  }

  LinearSamples samples;
  Features features;
  std::unique_ptr<LinearProblem> problem;
  Vector point;
};

struct Case {
  MakeLoss make;
  std::size_t classes;
};
const Case kCases[] = {{make_softmax_loss, 2},
                       {make_softmax_loss, 5},
                       {make_squared_hinge_loss, 2},
                       {make_squared_hinge_loss, 5}};

TEST(LinearProblem, GradientIsThatOfFiniteDifferences) {
  for (const Case& c : kCases) {
    Drawn drawn(c.make, c.classes);
    const Vector gradient = drawn.gradient(drawn.point);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      constexpr double kStep = 1e-5;
      Vector low = drawn.point, high = drawn.point;
      low[i] -= kStep;
      high[i] += kStep;
      const double difference = (drawn.value(high) - drawn.value(low)) / (2 * kStep);
      ASSERT_NEAR(gradient[i], difference, 1e-5 * (1 + std::abs(difference))) << i;
    }
  }
}

TEST(LinearProblem, HessianProductIsTheGradientsDifference) {
  for (const Case& c : kCases) {
    Drawn drawn(c.make, c.classes);
    Random random(5);
    Vector direction(drawn.point.size()), product(direction.size());
    for (double& v : direction) v = random.normal();
    constexpr double kStep = 1e-6;
    Vector low = drawn.point, high = drawn.point;
    for (std::size_t i = 0; i < low.size(); ++i) {
      low[i] -= kStep * direction[i];
      high[i] += kStep * direction[i];
    }
    const Vector below = drawn.gradient(low), above = drawn.gradient(high);
    (void)drawn.gradient(drawn.point);
    drawn.problem->hessian_product(direction, product);
    for (std::size_t i = 0; i < product.size(); ++i) {
      const double difference = (above[i] - below[i]) / (2 * kStep);
      ASSERT_NEAR(product[i], difference, 1e-4 * (10 + std::abs(difference))) << i;
    }
  }
}

TEST(LinearProblem, PreconditionerInvertsAHessianWithoutCouplingBetweenOutputs) {
  // No more samples than are drawn, so that none is left out.
  Drawn exact(make_squared_hinge_loss, 4, 55);
  const Vector exact_gradient = exact.gradient(exact.point);
  Vector step(exact_gradient.size()), back(exact_gradient.size());
  exact.problem->prepare();
  exact.problem->precondition(exact_gradient, step);
  exact.problem->hessian_product(step, back);
  for (std::size_t i = 0; i < back.size(); ++i) {
    ASSERT_NEAR(back[i], exact_gradient[i], 1e-3 * (1 + std::abs(exact_gradient[i]))) << i;
  }
}

TEST(LinearProblem, SoftmaxOfHugeDecisions) {
  Drawn drawn(make_softmax_loss, 3);
  for (double& x : drawn.point) x *= 1e6;
  const Vector gradient = drawn.gradient(drawn.point);
  EXPECT_TRUE(std::isfinite(drawn.value(drawn.point)));
  for (const double g : gradient) EXPECT_TRUE(std::isfinite(g));
}

TEST(LinearProblem, SameBytesOnAnyNumberOfThreads) {
  Vector gradients[3];
  const int threads[] = {1, 2, 5};
  for (std::size_t t = 0; t < 3; ++t) {
    const OnThreads scope(threads[t]);
    Drawn drawn(make_softmax_loss, 5, 1000);
    gradients[t] = drawn.gradient(drawn.point);
    drawn.problem->prepare();
    Vector step(drawn.point.size()), product(drawn.point.size());
    drawn.problem->precondition(gradients[t], step);
    drawn.problem->hessian_product(step, product);
    gradients[t].insert(gradients[t].end(), product.begin(), product.end());
  }
  EXPECT_EQ(gradients[0], gradients[1]);
  EXPECT_EQ(gradients[0], gradients[2]);
}

}  // namespace
}  // namespace thimble::classical
