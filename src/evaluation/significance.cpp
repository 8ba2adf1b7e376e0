#include "evaluation/significance.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "base/error.hpp"

namespace thimble {
namespace {

/// 2 P(X <= k) for X binomial(n, 1/2), at most 1; exact up to rounding for n < kExactBelow.
double two_sided_binomial(std::uint64_t k, std::uint64_t n) {
  double term = std::ldexp(1.0, -static_cast<int>(n));  // C(n, 0) / 2^n
  double sum = term;
  for (std::uint64_t i = 1; i <= k; ++i) {
    term *= static_cast<double>(n - i + 1) / static_cast<double>(i);
    sum += term;
  }
  return std::min(1.0, 2 * sum);
}

/// Correlation of the two models' being right, corrected for continuity as method 10 has it.
double corrected_correlation(const PairedCounts& counts) {
  const auto a = static_cast<double>(counts.both_right);
  const auto b = static_cast<double>(counts.only_first);
  const auto c = static_cast<double>(counts.only_second);
  const auto d = static_cast<double>(counts.both_wrong);
  const double margins = (a + b) * (c + d) * (a + c) * (b + d);
  if (margins == 0) return 0;
  const double product = a * d - b * c;
  const double half = (a + b + c + d) / 2;
  const double corrected = product > 0 ? std::max(product - half, 0.0) : product;
  return corrected / std::sqrt(margins);
}

}  // namespace

PairedCounts paired_counts(std::span<const std::int32_t> first,
                           std::span<const std::int32_t> second,
                           std::span<const std::int32_t> labels) {
  if (first.size() != labels.size() || second.size() != labels.size()) {
    throw ShapeError(fmt::format("{} and {} predictions for {} labels", first.size(), second.size(),
                                 labels.size()));
  }
  PairedCounts counts;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const bool first_right = first[i] == labels[i];
    const bool second_right = second[i] == labels[i];
    ++(first_right ? (second_right ? counts.both_right : counts.only_first)
                   : (second_right ? counts.only_second : counts.both_wrong));
  }
  return counts;
}

double mcnemar_test(const PairedCounts& counts) {
  const std::uint64_t fewer = std::min(counts.only_first, counts.only_second);
  const std::uint64_t more = std::max(counts.only_first, counts.only_second);
  const std::uint64_t n = fewer + more;
  if (fewer == more) return 1;
  if (n < kExactBelow) return two_sided_binomial(fewer, n);
  const double distance = static_cast<double>(more - fewer) - 1;
  const double statistic = distance * distance / static_cast<double>(n);
  // The upper tail of chi-squared with one degree of freedom.
  return std::erfc(std::sqrt(statistic / 2));
}

std::vector<double> holm_adjusted(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order,
                           [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double largest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const auto factor = static_cast<double>(order.size() - rank);
    largest = std::max(largest, std::min(1.0, factor * p_values[order[rank]]));
    adjusted[order[rank]] = largest;
  }
  return adjusted;
}

Interval accuracy_difference_interval(const PairedCounts& counts) {
  if (counts.samples() == 0) return {-1, 1};
  const auto n = static_cast<double>(counts.samples());
  const std::uint64_t first_right = counts.both_right + counts.only_first;
  const std::uint64_t second_right = counts.both_right + counts.only_second;
  const double first = static_cast<double>(first_right) / n;
  const double second = static_cast<double>(second_right) / n;
  const Interval first_interval = wilson_interval(first_right, counts.samples());
  const Interval second_interval = wilson_interval(second_right, counts.samples());
  const double correlation = corrected_correlation(counts);
  const auto distance = [&](double x, double y) {
    return std::sqrt(std::max(0.0, x * x - 2 * correlation * x * y + y * y));
  };
  const double difference = first - second;
  return {difference - distance(first - first_interval.low, second_interval.high - second),
          difference + distance(second - second_interval.low, first_interval.high - first)};
}

}  // namespace thimble
