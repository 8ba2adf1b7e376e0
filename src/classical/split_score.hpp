// How good a split is, exactly.
//
// With weights that are counts, the gini impurity left after a split of n samples into l and r is
//
//     1 - (sum_c l_c^2 / l + sum_c r_c^2 / r) / n
//
// so the best split has the greatest sum_c l_c^2 / l + sum_c r_c^2 / r, a fraction of integers.
// Fractions are compared exactly, so that the same split wins whatever the order of evaluation, the
// instruction set or the number of threads.

#pragma once

#include <cstdint>

namespace thimble::classical {

__extension__ typedef __int128 Int128;

/// Largest total weight: the products in a comparison stay below 2^127.
inline constexpr std::int64_t kLargestWeight = std::int64_t{1} << 24;

/// A number to be maximised: numerator / denominator (gini), or a value alone (entropy), of which
/// the denominator is then 0.
struct SplitScore {
  double value = 0;
  Int128 numerator = 0;
  std::int64_t denominator = 0;

  static SplitScore fraction(Int128 numerator, std::int64_t denominator) {
    return {static_cast<double>(numerator) / static_cast<double>(denominator), numerator,
            denominator};
  }
};

/// Negative, 0 or positive as `a` is less than, equal to or greater than `b`.
inline int compare(const SplitScore& a, const SplitScore& b) {
  if (a.denominator == 0 || b.denominator == 0) return (a.value > b.value) - (a.value < b.value);
  const Int128 left = a.numerator * b.denominator;
  const Int128 right = b.numerator * a.denominator;
  return (left > right) - (left < right);
}

/// The gini score from integers: weights and sums of squared class weights of both sides.
inline SplitScore gini_score(std::int64_t left_weight, std::int64_t left_squares,
                             std::int64_t right_weight, std::int64_t right_squares) {
  return SplitScore::fraction(
      Int128{left_squares} * right_weight + Int128{right_squares} * left_weight,
      left_weight * right_weight);
}

}  // namespace thimble::classical
