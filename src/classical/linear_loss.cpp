#include "classical/linear_loss.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/simd.hpp"

namespace thimble::classical {
namespace {

/// e^x for x in [-708, 0]: x = n ln 2 + r with |r| <= ln(2) / 2, e^r by its Taylor series, whose
/// first term left out is below 1e-17. Vectorised by compilers, unlike std::exp.
inline double exponential(double x) {
  constexpr double kLog2E = 1.4426950408889634074;
  // ln 2 in two parts; the first has so few bits that its product with n is exact.
  constexpr double kLn2High = 6.93145751953125e-1;
  constexpr double kLn2Low = 1.42860682030941723212e-6;
  // Adding 1.5 * 2^52 leaves no room for a fraction: the sum's last bits are the nearest integer.
  constexpr double kRound = 6755399441055744.0;
  const double shifted = x * kLog2E + kRound;
  const double n = shifted - kRound;
  const double r = x - n * kLn2High - n * kLn2Low;
  double p = 1.0 / 6227020800;
  p = p * r + 1.0 / 479001600;
  p = p * r + 1.0 / 39916800;
  p = p * r + 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  constexpr std::uint64_t kExponentOfOne = 1023;
  return p * std::bit_cast<double>((std::bit_cast<std::uint64_t>(shifted) + kExponentOfOne) << 52);
}

/// Probabilities in place of decisions, and for each sample the logarithm of the sum of their
/// exponentials.
THIMBLE_SIMD_CLONES
void softmax(std::size_t outputs, double* z, double* log_sums) {
  constexpr double kLowest = -708;
  double highest[kBlockRows], sums[kBlockRows];
  for (std::size_t r = 0; r < kBlockRows; ++r) highest[r] = z[r], sums[r] = 0;
  for (std::size_t c = 1; c < outputs; ++c) {
    const double* row = z + c * kBlockRows;
    for (std::size_t r = 0; r < kBlockRows; ++r) highest[r] = std::max(highest[r], row[r]);
  }
  for (std::size_t c = 0; c < outputs; ++c) {
    double* row = z + c * kBlockRows;
    for (std::size_t r = 0; r < kBlockRows; ++r) {
      row[r] = exponential(std::max(row[r] - highest[r], kLowest));
      sums[r] += row[r];
    }
  }
  for (std::size_t r = 0; r < kBlockRows; ++r) {
    log_sums[r] = highest[r] + std::log(sums[r]);
    sums[r] = 1 / sums[r];
  }
  for (std::size_t c = 0; c < outputs; ++c) {
    double* row = z + c * kBlockRows;
    for (std::size_t r = 0; r < kBlockRows; ++r) row[r] *= sums[r];
  }
}

/// z = weight p (z - sum_c p z), the Hessian of the log-loss times z.
THIMBLE_SIMD_CLONES
void softmax_curve(std::size_t outputs, const float* p, const float* weights, float* z) {
  float mean[kBlockRows] = {};
  for (std::size_t c = 0; c < outputs; ++c) {
    for (std::size_t r = 0; r < kBlockRows; ++r) {
      mean[r] += p[c * kBlockRows + r] * z[c * kBlockRows + r];
    }
  }
  for (std::size_t c = 0; c < outputs; ++c) {
    for (std::size_t r = 0; r < kBlockRows; ++r) {
      float& value = z[c * kBlockRows + r];
      value = weights[r] * p[c * kBlockRows + r] * (value - mean[r]);
    }
  }
}

/// Where a sample's values begin in an array [blocks, outputs, kBlockRows].
std::size_t place(std::size_t outputs, std::size_t output, std::size_t sample) {
  return (sample / kBlockRows * outputs + output) * kBlockRows + sample % kBlockRows;
}

std::size_t blocks_of(std::size_t n) { return (n + kBlockRows - 1) / kBlockRows; }

class SoftmaxLoss : public LinearLoss {
 public:
  explicit SoftmaxLoss(LossTargets targets)
      : targets_(std::move(targets)),
        probabilities_(blocks_of(targets_.size()) * outputs() * kBlockRows),
        weights_(blocks_of(targets_.size()) * kBlockRows) {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      weights_[i] = static_cast<float>(weight(i));
    }
  }

  std::size_t outputs() const override { return targets_.class_weights.size(); }
  std::size_t groups() const override { return 1; }
  bool shift_invariant() const override { return true; }

  void evaluate(BlockRows rows, double* z, std::span<double> values) override {
    double target[kBlockRows], log_sums[kBlockRows];
    for (std::size_t r = 0; r < rows.size; ++r) target[r] = z[label(rows.begin + r) + r];
    softmax(outputs(), z, log_sums);
    std::copy(
        z, z + outputs() * kBlockRows,
        probabilities_.begin() + static_cast<std::ptrdiff_t>(place(outputs(), 0, rows.begin)));
    for (std::size_t r = 0; r < rows.size; ++r) {
      const double w = weight(rows.begin + r);
      values[0] += w * (log_sums[r] - target[r]);
      z[label(rows.begin + r) + r] -= 1;
      if (w == 1) continue;
      for (std::size_t c = 0; c < outputs(); ++c) z[c * kBlockRows + r] *= w;
    }
  }

  void curve(BlockRows rows, float* z) const override {
    softmax_curve(outputs(), &probabilities_[place(outputs(), 0, rows.begin)],
                  &weights_[rows.begin], z);
  }

  float curvature(std::size_t output, std::size_t sample) const override {
    const float p = probabilities_[place(outputs(), output, sample)];
    return weights_[sample] * p * (1 - p);
  }

 private:
  double weight(std::size_t i) const {
    return targets_.class_weights[static_cast<std::size_t>(targets_.labels[i])];
  }
  /// Where the decisions of the sample's class begin in a block.
  std::size_t label(std::size_t i) const {
    return static_cast<std::size_t>(targets_.labels[i]) * kBlockRows;
  }

  LossTargets targets_;
  std::vector<float> probabilities_;  ///< [blocks, outputs, kBlockRows]
  std::vector<float> weights_;        ///< [blocks, kBlockRows]
};

class SquaredHingeLoss : public LinearLoss {
 public:
  explicit SquaredHingeLoss(LossTargets targets)
      : targets_(std::move(targets)),
        curvatures_(blocks_of(targets_.size()) * outputs() * kBlockRows) {}

  std::size_t outputs() const override {
    return targets_.class_weights.size() == 2 ? 1 : targets_.class_weights.size();
  }
  std::size_t groups() const override { return outputs(); }
  bool shift_invariant() const override { return false; }

  void evaluate(BlockRows rows, double* z, std::span<double> values) override {
    for (std::size_t c = 0; c < outputs(); ++c) {
      const auto positive = static_cast<std::int32_t>(outputs() == 1 ? 1 : c);
      float* curvature = &curvatures_[place(outputs(), c, rows.begin)];
      double sum = 0;
      for (std::size_t r = 0; r < rows.size; ++r) {
        const std::int32_t label = targets_.labels[rows.begin + r];
        const double side = label == positive ? 1 : -1;
        // As LIBLINEAR has it, the rest counts once where there are more than two classes.
        const bool weighted = label == positive || outputs() == 1;
        const double w = weighted ? targets_.class_weights[static_cast<std::size_t>(label)] : 1.0;
        double& value = z[c * kBlockRows + r];
        const double missing = std::max(0.0, 1 - side * value);
        sum += w * missing * missing;
        value = -2 * w * side * missing;
        curvature[r] = missing > 0 ? static_cast<float>(2 * w) : 0.0F;
      }
      values[c] += sum;
    }
  }

  void curve(BlockRows rows, float* z) const override {
    const float* curvature = &curvatures_[place(outputs(), 0, rows.begin)];
    for (std::size_t i = 0; i < outputs() * kBlockRows; ++i) z[i] *= curvature[i];
  }

  float curvature(std::size_t output, std::size_t sample) const override {
    return curvatures_[place(outputs(), output, sample)];
  }

 private:
  LossTargets targets_;
  std::vector<float> curvatures_;  ///< [blocks, outputs, kBlockRows]
};

}  // namespace

std::unique_ptr<LinearLoss> make_softmax_loss(LossTargets targets) {
  return std::make_unique<SoftmaxLoss>(std::move(targets));
}

std::unique_ptr<LinearLoss> make_squared_hinge_loss(LossTargets targets) {
  return std::make_unique<SquaredHingeLoss>(std::move(targets));
}

}  // namespace thimble::classical
