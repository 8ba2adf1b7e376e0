#include "classical/conditioned_variables.hpp"

#include <algorithm>
#include <cmath>

#include "base/parallel.hpp"

namespace thimble::classical {
namespace {

struct Moments {
  std::vector<double> sums;
  std::vector<double> squares;
};

/// Sums of each feature and of its square.
Moments moments(const Features& features, const std::function<void()>& check) {
  constexpr std::size_t kRows = 1024;
  const std::size_t d = features.dims();
  const std::size_t tasks = (features.size() + kRows - 1) / kRows;
  std::vector<Moments> parts(tasks);
  parallel_tasks_indexed(tasks, [&](int thread, std::size_t task) {
    if (thread == 0) check();
    Moments& part = parts[task];
    part = {std::vector<double>(d), std::vector<double>(d)};
    std::vector<float> row(d);
    for (std::size_t i = task * kRows; i < std::min((task + 1) * kRows, features.size()); ++i) {
      features.copy(i, i + 1, row.data());
      for (std::size_t j = 0; j < d; ++j) {
        const auto value = static_cast<double>(row[j]);
        part.sums[j] += value;
        part.squares[j] += value * value;
      }
    }
  });
  Moments total{std::vector<double>(d), std::vector<double>(d)};
  for (const Moments& part : parts) {
    for (std::size_t j = 0; j < d; ++j) {
      total.sums[j] += part.sums[j];
      total.squares[j] += part.squares[j];
    }
  }
  return total;
}

}  // namespace

ConditionedVariables::ConditionedVariables(const Features& features, std::size_t outputs,
                                           bool intercept, double curvature,
                                           const std::vector<double>& penalty,
                                           const std::function<void()>& check)
    : outputs_(outputs),
      dims_(features.dims()),
      inputs_(dims_ + (intercept ? 1 : 0)),
      mean_(dims_),
      scale_(inputs_) {
  const Moments total = moments(features, check);
  const auto n = static_cast<double>(features.size());
  for (std::size_t j = 0; j < dims_; ++j) {
    if (intercept) mean_[j] = total.sums[j] / n;
    const double spread = std::max(0.0, total.squares[j] - n * mean_[j] * mean_[j]);
    const double second = curvature * spread + penalty[j];
    scale_[j] = second > 0 ? 1 / std::sqrt(second) : 1.0;
  }
  if (intercept) scale_.back() = 1 / std::sqrt(curvature * n);
}

void ConditionedVariables::to_weights(std::span<const double> x, std::span<double> weights) const {
  for (std::size_t c = 0; c < outputs_; ++c) {
    const std::size_t row = c * inputs_;
    for (std::size_t j = 0; j < inputs_; ++j) weights[row + j] = scale_[j] * x[row + j];
    if (inputs_ == dims_) continue;
    for (std::size_t j = 0; j < dims_; ++j) weights[row + dims_] -= weights[row + j] * mean_[j];
  }
}

void ConditionedVariables::to_gradient(std::span<const double> weight_gradient,
                                       std::span<double> gradient) const {
  for (std::size_t c = 0; c < outputs_; ++c) {
    const std::size_t row = c * inputs_;
    for (std::size_t j = 0; j < inputs_; ++j) {
      const double moved =
          j < dims_ && inputs_ > dims_ ? mean_[j] * weight_gradient[row + dims_] : 0;
      gradient[row + j] = scale_[j] * (weight_gradient[row + j] - moved);
    }
  }
}

std::vector<double> ConditionedVariables::weight_gradient(std::span<const double> gradient) const {
  std::vector<double> result(gradient.size());
  for (std::size_t c = 0; c < outputs_; ++c) {
    const std::size_t row = c * inputs_;
    for (std::size_t j = inputs_; j-- > 0;) {
      const double moved = j < dims_ && inputs_ > dims_ ? mean_[j] * result[row + dims_] : 0;
      result[row + j] = gradient[row + j] / scale_[j] + moved;
    }
  }
  return result;
}

std::vector<double> ConditionedVariables::l1_strengths(double strength) const {
  std::vector<double> result(outputs_ * inputs_);
  for (std::size_t c = 0; c < outputs_; ++c) {
    for (std::size_t j = 0; j < dims_; ++j) result[c * inputs_ + j] = strength * scale_[j];
  }
  return result;
}

}  // namespace thimble::classical
