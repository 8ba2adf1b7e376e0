#include "evaluation/interval.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/error.hpp"

namespace thimble {
namespace {

// The 97.5 % quantile of the standard normal distribution.
constexpr double kNormal95 = 1.959963984540054;

// Above this many degrees the finite sums below get long and the expansion around the normal
// quantile is exact to better than 1e-9.
constexpr std::size_t kLargeDegrees = 200;

// P(|T| < t) for a whole number of degrees, in closed form: Abramowitz and Stegun, "Handbook of
// Mathematical Functions", 26.7.3 and 26.7.4, with theta = atan(t / sqrt(degrees)).
double probability_within(double t, std::size_t degrees) {
  const double theta = std::atan(t / std::sqrt(static_cast<double>(degrees)));
  const double cosine = std::cos(theta);
  const double sine = std::sin(theta);
  const bool odd = degrees % 2 == 1;
  // Odd: sum of cos, 2/3 cos^3, (2*4)/(3*5) cos^5, ...; even: 1, 1/2 cos^2, (1*3)/(2*4) cos^4, ...
  double term = odd ? cosine : 1.0;
  double sum = degrees == 1 ? 0.0 : term;
  for (std::size_t power = odd ? 3 : 2; power + 2 <= degrees; power += 2) {
    const double numerator = static_cast<double>(power - 1);
    term *= numerator / static_cast<double>(power) * cosine * cosine;
    sum += term;
  }
  return odd ? 2 / std::numbers::pi * (theta + sine * sum) : sine * sum;
}

// Quantile by expansion in 1 / degrees: Abramowitz and Stegun 26.7.5.
double expanded_quantile(double degrees) {
  const double x = kNormal95;
  const double x3 = x * x * x;
  const double x5 = x3 * x * x;
  const double x7 = x5 * x * x;
  const double x9 = x7 * x * x;
  const double g1 = (x3 + x) / 4;
  const double g2 = (5 * x5 + 16 * x3 + 3 * x) / 96;
  const double g3 = (3 * x7 + 19 * x5 + 17 * x3 - 15 * x) / 384;
  const double g4 = (79 * x9 + 776 * x7 + 1482 * x5 - 1920 * x3 - 945 * x) / 92160;
  return x + (g1 + (g2 + (g3 + g4 / degrees) / degrees) / degrees) / degrees;
}

}  // namespace

Interval wilson_interval(std::uint64_t successes, std::uint64_t n) {
  if (n == 0) return {0, 1};
  const double count = static_cast<double>(n);
  const double share = static_cast<double>(successes) / count;
  const double z2 = kNormal95 * kNormal95;
  const double centre = (share + z2 / (2 * count)) / (1 + z2 / count);
  const double half = kNormal95 / (1 + z2 / count) *
                      std::sqrt(share * (1 - share) / count + z2 / (4 * count * count));
  // At the ends the formula gives 0 and 1 up to rounding; the bounds are meant exactly.
  return {successes == 0 ? 0.0 : std::max(0.0, centre - half),
          successes == n ? 1.0 : std::min(1.0, centre + half)};
}

double student_t_95(std::size_t degrees) {
  if (degrees == 0) throw UsageError("Student's t needs at least 1 degree of freedom, got 0");
  if (degrees > kLargeDegrees) return expanded_quantile(static_cast<double>(degrees));
  double low = kNormal95;
  double high = 16;  // above the quantile of one degree, 12.706
  for (;;) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return middle;
    (probability_within(middle, degrees) < 0.95 ? low : high) = middle;
  }
}

MeanInterval mean_interval(std::span<const double> values) {
  if (values.empty()) throw UsageError("the mean of no values does not exist");
  MeanInterval result;
  result.n = values.size();
  const double n = static_cast<double>(values.size());
  for (double value : values) result.mean += value / n;
  if (values.size() == 1) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    result.interval = {-kInfinity, kInfinity};
    return result;
  }
  double squares = 0;
  for (double value : values) squares += (value - result.mean) * (value - result.mean);
  result.standard_deviation = std::sqrt(squares / (n - 1));
  const double half = student_t_95(values.size() - 1) * result.standard_deviation / std::sqrt(n);
  result.interval = {result.mean - half, result.mean + half};
  return result;
}

}  // namespace thimble
