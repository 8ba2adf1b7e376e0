#include "classical/svm_smo.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "base/simd.hpp"

namespace thimble::classical {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// libsvm's stand-in for curvatures that are not positive.
constexpr double kLeastCurvature = 1e-12;

/// The largest of a block's values; the loops have no order that the compiler must keep.
template <class T>
inline T largest(std::array<T, kSmoBlock>& values) {
  for (std::size_t half = kSmoBlock / 2; half > 0; half /= 2) {
    for (std::size_t l = 0; l < half; ++l) {
      values[l] = values[l] > values[l + half] ? values[l] : values[l + half];
    }
  }
  return values[0];
}

/// slope -= step * (row_i - row_j); the largest slope + rise of each block.
THIMBLE_SIMD_CLONES
void step_and_rank(double step, const float* row_i, const float* row_j, const double* rise,
                   std::size_t blocks, double* slope, double* block_largest) {
  for (std::size_t b = 0; b < blocks; ++b) {
    std::array<double, kSmoBlock> ranked;
    for (std::size_t l = 0; l < kSmoBlock; ++l) {
      const double difference = static_cast<double>(row_i[l]) - static_cast<double>(row_j[l]);
      slope[l] -= step * difference;
      ranked[l] = slope[l] + rise[l];
    }
    block_largest[b] = largest(ranked);
    row_i += kSmoBlock, row_j += kSmoBlock, rise += kSmoBlock, slope += kSmoBlock;
  }
}

/// What each block offers to move down while multiplier i moves up: the largest gap between the
/// slopes, and the largest gain gap^2 / curvature.
THIMBLE_SIMD_CLONES
void rank_partners(double slope_i, float diagonal_i, const float* row_i, const float* diagonal,
                   const double* slope, const double* fall, std::size_t blocks, double* block_gap,
                   float* block_gain) {
  for (std::size_t b = 0; b < blocks; ++b) {
    std::array<double, kSmoBlock> gaps;
    std::array<float, kSmoBlock> gains;
    for (std::size_t l = 0; l < kSmoBlock; ++l) gaps[l] = slope_i - (slope[l] + fall[l]);
    for (std::size_t l = 0; l < kSmoBlock; ++l) {
      const float gap = static_cast<float>(gaps[l] > 0 ? gaps[l] : 0);
      const float curvature = (diagonal_i + diagonal[l]) - 2 * row_i[l];
      const float positive = curvature > 1e-12F ? curvature : 1e-12F;
      gains[l] = gap * gap / positive;
    }
    block_gap[b] = largest(gaps);
    block_gain[b] = largest(gains);
    row_i += kSmoBlock, diagonal += kSmoBlock, slope += kSmoBlock, fall += kSmoBlock;
  }
}

/// A DualProblem padded to whole blocks, and what ranks its multipliers.
class Smo {
 public:
  explicit Smo(const DualProblem& problem)
      : problem_(problem), blocks_(smo_padded(problem.size) / kSmoBlock) {
    const std::size_t padded = blocks_ * kSmoBlock;
    slope_.resize(padded);
    rise_.assign(padded, -kInfinity);
    fall_.assign(padded, kInfinity);
    diagonal_.assign(padded, 1.0F);
    block_slope_.resize(blocks_);
    block_gap_.resize(blocks_);
    block_gain_.resize(blocks_);
    std::ranges::copy(problem.slope, slope_.begin());
    for (std::size_t t = 0; t < problem.size; ++t) {
      diagonal_[t] = row(t)[t];
      mark(t);
    }
  }

  SmoResult run(double tol, std::uint64_t max_iterations) {
    SmoResult result;
    step_and_rank(0, row(0), row(0), rise_.data(), blocks_, slope_.data(), block_slope_.data());
    for (;; ++result.iterations) {
      const std::size_t i = steepest();
      const double slope_i = slope_[i] + rise_[i];
      rank_partners(slope_i, diagonal_[i], row(i), diagonal_.data(), slope_.data(), fall_.data(),
                    blocks_, block_gap_.data(), block_gain_.data());
      result.violation = *std::ranges::max_element(block_gap_);
      if (!(result.violation >= tol) || result.iterations == max_iterations) break;
      const std::size_t j = best_partner(i);
      const double step = move(i, j);
      step_and_rank(step, row(i), row(j), rise_.data(), blocks_, slope_.data(),
                    block_slope_.data());
    }
    std::copy_n(slope_.begin(), problem_.size, problem_.slope.begin());
    return result;
  }

 private:
  const float* row(std::size_t t) const { return problem_.kernel + t * problem_.stride; }

  /// Notes in which directions a multiplier can move.
  void mark(std::size_t t) {
    rise_[t] = problem_.beta[t] < problem_.upper[t] ? 0 : -kInfinity;
    fall_[t] = problem_.beta[t] > problem_.lower[t] ? 0 : kInfinity;
  }

  /// The first of the largest slopes of those that can rise.
  std::size_t steepest() const {
    const auto block =
        static_cast<std::size_t>(std::ranges::max_element(block_slope_) - block_slope_.begin());
    std::size_t best = block * kSmoBlock;
    for (std::size_t t = best + 1; t < (block + 1) * kSmoBlock; ++t) {
      if (slope_[t] + rise_[t] > slope_[best] + rise_[best]) best = t;
    }
    return best;
  }

  /// The first of the largest gains.
  std::size_t best_partner(std::size_t i) const {
    const auto block =
        static_cast<std::size_t>(std::ranges::max_element(block_gain_) - block_gain_.begin());
    const double slope_i = slope_[i] + rise_[i];
    std::size_t best = block * kSmoBlock;
    double best_gain = -1;
    for (std::size_t t = best; t < (block + 1) * kSmoBlock; ++t) {
      const double gap = slope_i - (slope_[t] + fall_[t]);
      if (gap <= 0) continue;
      const double gain = gap * gap / curvature(i, t);
      if (gain > best_gain) best = t, best_gain = gain;
    }
    return best;
  }

  double curvature(std::size_t i, std::size_t j) const {
    const double value = static_cast<double>(diagonal_[i]) + static_cast<double>(diagonal_[j]) -
                         2 * static_cast<double>(row(i)[j]);
    return value > kLeastCurvature ? value : kLeastCurvature;
  }

  /// Raises i and lowers j to the optimum between them, or until one meets its bound.
  /// @return  by how much
  double move(std::size_t i, std::size_t j) {
    double& beta_i = problem_.beta[i];
    double& beta_j = problem_.beta[j];
    const double room_i = problem_.upper[i] - beta_i;
    const double room_j = beta_j - problem_.lower[j];
    const double step = std::min({(slope_[i] - slope_[j]) / curvature(i, j), room_i, room_j});
    beta_i = step >= room_i ? problem_.upper[i] : beta_i + step;
    beta_j = step >= room_j ? problem_.lower[j] : beta_j - step;
    mark(i);
    mark(j);
    return step;
  }

  const DualProblem& problem_;
  std::size_t blocks_;
  std::vector<double> slope_;
  std::vector<double> rise_;  // 0, or -infinity where a multiplier is at its upper bound
  std::vector<double> fall_;  // 0, or infinity where it is at its lower bound
  std::vector<float> diagonal_;
  std::vector<double> block_slope_;
  std::vector<double> block_gap_;
  std::vector<float> block_gain_;
};

}  // namespace

SmoResult solve_smo(const DualProblem& problem, double tol, std::uint64_t max_iterations) {
  if (problem.size == 0) return {};
  return Smo(problem).run(tol, max_iterations);
}

}  // namespace thimble::classical
