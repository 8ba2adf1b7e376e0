#include "classical/platt.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace thimble::classical {
namespace {

// The constants of Lin, Lin and Weng's pseudo code.
constexpr int kMaxIterations = 100;
constexpr double kLeastStep = 1e-10;
constexpr double kRidge = 1e-12;
constexpr double kTolerance = 1e-5;

/// Negative log likelihood of targets under a sigmoid, its gradient and Hessian.
class Likelihood {
 public:
  Likelihood(std::span<const double> values, std::vector<double> targets)
      : values_(values), targets_(std::move(targets)) {}

  double operator()(const Sigmoid& sigmoid) const {
    double sum = 0;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const double z = sigmoid.A * values_[i] + sigmoid.B;
      sum += z >= 0 ? targets_[i] * z + std::log1p(std::exp(-z))
                    : (targets_[i] - 1) * z + std::log1p(std::exp(z));
    }
    return sum;
  }

  struct Derivatives {
    double gradient_a = 0, gradient_b = 0;
    double aa = kRidge, ab = 0, bb = kRidge;
  };

  Derivatives derivatives(const Sigmoid& sigmoid) const {
    Derivatives d;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const double p = sigmoid(values_[i]);
      const double weight = p * (1 - p);
      d.aa += values_[i] * values_[i] * weight;
      d.ab += values_[i] * weight;
      d.bb += weight;
      d.gradient_a += values_[i] * (targets_[i] - p);
      d.gradient_b += targets_[i] - p;
    }
    return d;
  }

 private:
  std::span<const double> values_;
  std::vector<double> targets_;
};

}  // namespace

double Sigmoid::operator()(double decision_value) const {
  const double z = A * decision_value + B;
  // Without overflow on either side.
  return z >= 0 ? std::exp(-z) / (1 + std::exp(-z)) : 1 / (1 + std::exp(z));
}

Sigmoid fit_sigmoid(std::span<const double> decision_values, std::span<const char> positive) {
  const auto firsts = static_cast<double>(std::ranges::count(positive, char{1}));
  const double seconds = static_cast<double>(positive.size()) - firsts;
  const double high = (firsts + 1) / (firsts + 2);
  const double low = 1 / (seconds + 2);
  std::vector<double> targets;
  for (const char is_first : positive) targets.push_back(is_first ? high : low);
  const Likelihood likelihood(decision_values, std::move(targets));

  Sigmoid sigmoid{0, std::log((seconds + 1) / (firsts + 1))};
  double value = likelihood(sigmoid);
  for (int iteration = 0; iteration < kMaxIterations; ++iteration) {
    const Likelihood::Derivatives d = likelihood.derivatives(sigmoid);
    if (std::abs(d.gradient_a) < kTolerance && std::abs(d.gradient_b) < kTolerance) break;
    const double determinant = d.aa * d.bb - d.ab * d.ab;
    const double step_a = -(d.bb * d.gradient_a - d.ab * d.gradient_b) / determinant;
    const double step_b = -(d.aa * d.gradient_b - d.ab * d.gradient_a) / determinant;
    const double slope = d.gradient_a * step_a + d.gradient_b * step_b;
    double length = 1;
    for (; length >= kLeastStep; length /= 2) {
      const Sigmoid next{sigmoid.A + length * step_a, sigmoid.B + length * step_b};
      const double next_value = likelihood(next);
      if (next_value < value + 0.0001 * length * slope) {
        sigmoid = next;
        value = next_value;
        break;
      }
    }
    if (length < kLeastStep) break;
  }
  return sigmoid;
}

}  // namespace thimble::classical
