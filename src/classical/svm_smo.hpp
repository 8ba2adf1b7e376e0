// Sequential minimal optimisation of the support vector machine's dual problem, for problems whose
// kernel matrix fits into memory.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace thimble::classical {

/// The dual problem in signed multipliers beta_t = y_t alpha_t:
///
///     maximise   sum_t y_t beta_t - 1/2 sum_st beta_s beta_t K_st
///     where      sum_t beta_t stays what it is,  lower_t <= beta_t <= upper_t
///
/// v_t = y_t - sum_s K_st beta_s is the slope in beta_t. It is solved when no slope of a multiplier
/// that can rise exceeds one of a multiplier that can fall.
struct DualProblem {
  std::size_t size = 0;
  const float* kernel = nullptr;  ///< float32 [size, size], row i begins at kernel + i * stride
  std::size_t stride = 0;         ///< at least smo_padded(size)
  std::span<const double> lower;
  std::span<const double> upper;
  std::span<double> beta;
  std::span<double> slope;
};

/// Rows of kernel matrices are read up to a multiple of this: what is past `size` must be numbers.
inline constexpr std::size_t kSmoBlock = 64;
constexpr std::size_t smo_padded(std::size_t size) {
  return (size + kSmoBlock - 1) / kSmoBlock * kSmoBlock;
}

struct SmoResult {
  std::uint64_t iterations = 0;
  /// Largest slope of a multiplier that can rise less the smallest of one that can fall.
  double violation = 0;
};

/// Improves beta, two multipliers at a time, until the violation is below `tol` or
/// `max_iterations` are done. `slope` follows beta.
///
/// Pairs are chosen by second-order information: R.-E. Fan, P.-H. Chen, C.-J. Lin, "Working set
/// selection using second order information for training support vector machines", JMLR 6 (2005),
/// WSS 2, as in libsvm.
SmoResult solve_smo(const DualProblem& problem, double tol, std::uint64_t max_iterations);

}  // namespace thimble::classical
