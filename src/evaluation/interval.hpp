// How sure a figure is: intervals for a share and for a mean over a few seeds.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace thimble {

/// A range that covers the true value with 95 % confidence.
struct Interval {
  double low = 0;
  double high = 0;

  bool operator==(const Interval&) const = default;
};

/// 95 % interval of a share, `successes` of `n` (Wilson, "Probable inference, the law of
/// succession, and statistical inference", JASA 22, 1927). Unlike the usual p +- 1.96 s it stays
/// inside [0, 1] and is right near the ends, where classifiers live. n = 0 gives [0, 1].
Interval wilson_interval(std::uint64_t successes, std::uint64_t n);

/// Mean of a few repetitions and how far it can be trusted.
struct MeanInterval {
  std::size_t n = 0;
  double mean = 0;
  double standard_deviation = 0;  ///< of the sample, divided by n - 1; 0 for n = 1
  Interval interval;              ///< Student t, 95 %; one value says nothing: [-inf, inf]
};

/// Mean over runs with different seeds and its 95 % interval by Student's t distribution.
/// @throws UsageError  if `values` is empty
MeanInterval mean_interval(std::span<const double> values);

/// The value t that a Student t variable with `degrees` >= 1 of freedom stays below in absolute
/// value with probability 0.95.
/// @throws UsageError  if `degrees` is 0
double student_t_95(std::size_t degrees);

}  // namespace thimble
