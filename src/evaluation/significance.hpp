// Is one model better than another, or was it luck? Both are judged on the same pictures, so the
// pictures that only one of them gets right decide.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "evaluation/interval.hpp"

namespace thimble {

/// How two models did on the same samples.
struct PairedCounts {
  std::uint64_t both_right = 0;
  std::uint64_t only_first = 0;   ///< the first is right, the second is wrong
  std::uint64_t only_second = 0;  ///< the other way round
  std::uint64_t both_wrong = 0;

  std::uint64_t samples() const { return both_right + only_first + only_second + both_wrong; }
  bool operator==(const PairedCounts&) const = default;
};

/// @param first, second  predicted classes, one a sample
/// @param labels         true classes
/// @throws ShapeError  if the three do not agree in size
PairedCounts paired_counts(std::span<const std::int32_t> first,
                           std::span<const std::int32_t> second,
                           std::span<const std::int32_t> labels);

/// Below this many samples that only one of two models gets right, mcnemar_test() counts exactly;
/// from there on its approximation is good (Agresti, "Categorical Data Analysis", 10.1).
inline constexpr std::uint64_t kExactBelow = 25;

/// How probable a difference at least as large is between two equally good models, two-sided.
///
/// McNemar, "Note on the sampling error of the difference between correlated proportions or
/// percentages", Psychometrika 12, 1947; recommended for classifiers that are trained once by
/// Dietterich, "Approximate statistical tests for comparing supervised classification learning
/// algorithms", Neural Computation 10, 1998. Below kExactBelow by the binomial distribution, else
/// by chi-squared with Edwards' continuity correction. It knows the luck of the test samples; not
/// that of the training's seed.
double mcnemar_test(const PairedCounts& counts);

/// Adjusts the p-values of a family of tests, so that rejecting those below 0.05 is wrong anywhere
/// in the family with a probability of at most 5 %. Never below the value itself, at most 1.
/// (Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
/// Statistics 6, 1979.)
/// @return  in the order given
std::vector<double> holm_adjusted(std::span<const double> p_values);

/// 95 % interval of the first model's accuracy less the second's: method 10 of Newcombe, "Improved
/// confidence intervals for the difference between binomial proportions based on paired data",
/// Statistics in Medicine 17, 1998. No samples give [-1, 1].
Interval accuracy_difference_interval(const PairedCounts& counts);

}  // namespace thimble
