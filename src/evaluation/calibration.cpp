#include "evaluation/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/error.hpp"
#include "evaluation/evaluation.hpp"

namespace thimble {
namespace {

constexpr double kColdest = 0.05;
constexpr double kHottest = 20;

void check(const Probabilities& probabilities, std::span<const std::int32_t> labels) {
  if (probabilities.size() != labels.size()) {
    throw ShapeError(
        fmt::format("{} rows of probabilities for {} labels", probabilities.size(), labels.size()));
  }
  if (labels.empty()) throw UsageError("calibration: there are no samples");
}

/// 0, 1/n, ..., 1, each rounded as numpy's linspace does.
std::vector<double> even_steps(std::size_t n) {
  std::vector<double> steps;
  const double step = 1.0 / static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i) steps.push_back(static_cast<double>(i) * step);
  steps.push_back(1);
  return steps;
}

/// The quantiles of the values at `shares`, linear between ranks, rounded as numpy's percentile
/// does: samples that lie on an edge must fall into the same bin.
std::vector<double> quantiles(std::vector<double> values, std::span<const double> shares) {
  std::sort(values.begin(), values.end());
  std::vector<double> result;
  for (const double share : shares) {
    const double rank = static_cast<double>(values.size() - 1) * (share * 100 / 100);
    const std::size_t below = std::min(static_cast<std::size_t>(rank), values.size() - 1);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    const double weight = rank - static_cast<double>(below);
    const double step = values[above] - values[below];
    result.push_back(weight < 0.5 ? values[below] + step * weight
                                  : values[above] - step * (1 - weight));
  }
  return result;
}

double clipped(float probability) {
  return std::max(static_cast<double>(probability),
                  static_cast<double>(std::numeric_limits<float>::epsilon()));
}

/// Slope of the summed cross-entropy over beta = 1/T: with z = log p, the sum of the mean z under
/// the softmax of beta * z, less the label's z. Grows with beta.
double slope(std::span<const double> logits, std::size_t classes,
             std::span<const std::int32_t> labels, double beta) {
  double sum = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::span<const double> row = logits.subspan(i * classes, classes);
    const double largest = *std::max_element(row.begin(), row.end());
    double weights = 0;
    double weighted = 0;
    for (const double z : row) {
      const double weight = std::exp(beta * (z - largest));
      weights += weight;
      weighted += weight * z;
    }
    sum += weighted / weights - row[static_cast<std::size_t>(labels[i])];
  }
  return sum;
}

}  // namespace

Reliability reliability(const Probabilities& probabilities, std::span<const std::int32_t> labels,
                        Binning binning, std::size_t bins) {
  check(probabilities, labels);
  if (bins == 0) throw UsageError("calibration: 0 bins, expected at least 1");
  std::vector<double> confidences;
  std::vector<bool> right;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::size_t predicted = predicted_class(probabilities[i]);
    confidences.push_back(static_cast<double>(probabilities[i][predicted]));
    right.push_back(predicted == static_cast<std::size_t>(labels[i]));
  }
  std::vector<double> edges = even_steps(bins);
  if (binning == Binning::equal_mass) edges = quantiles(confidences, edges);

  Reliability result;
  result.bins.resize(bins);
  std::vector<std::uint64_t> hits(bins);
  for (std::size_t i = 0; i < confidences.size(); ++i) {
    // The first inner edge that is not below the confidence ends its bin.
    const auto edge = std::lower_bound(edges.begin() + 1, edges.end() - 1, confidences[i]);
    const std::size_t bin = static_cast<std::size_t>(edge - edges.begin()) - 1;
    ++result.bins[bin].samples;
    result.bins[bin].confidence += confidences[i];
    hits[bin] += right[i] ? 1 : 0;
    result.mean_confidence += confidences[i];
  }
  const double n = static_cast<double>(labels.size());
  result.mean_confidence /= n;
  for (std::size_t b = 0; b < bins; ++b) {
    ReliabilityBin& bin = result.bins[b];
    bin.low = edges[b];
    bin.high = edges[b + 1];
    bin.accuracy_interval = wilson_interval(hits[b], bin.samples);
    if (bin.samples == 0) continue;
    const double samples = static_cast<double>(bin.samples);
    bin.confidence /= samples;
    bin.accuracy = static_cast<double>(hits[b]) / samples;
    const double error = std::abs(bin.accuracy - bin.confidence);
    result.expected_error += samples / n * error;
    result.maximum_error = std::max(result.maximum_error, error);
  }
  return result;
}

double brier_score(const Probabilities& probabilities, std::span<const std::int32_t> labels) {
  check(probabilities, labels);
  double sum = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    for (std::size_t c = 0; c < probabilities.classes(); ++c) {
      const double truth = static_cast<std::size_t>(labels[i]) == c ? 1 : 0;
      const double error = static_cast<double>(probabilities[i][c]) - truth;
      sum += error * error;
    }
  }
  return sum / static_cast<double>(labels.size());
}

Probabilities with_temperature(const Probabilities& probabilities, double temperature) {
  Probabilities scaled(probabilities.size(), probabilities.classes());
  std::vector<double> row(probabilities.classes());
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    double sum = 0;
    const double largest = clipped(probabilities[i][predicted_class(probabilities[i])]);
    for (std::size_t c = 0; c < row.size(); ++c) {
      row[c] = std::pow(clipped(probabilities[i][c]) / largest, 1 / temperature);
      sum += row[c];
    }
    for (std::size_t c = 0; c < row.size(); ++c) scaled[i][c] = static_cast<float>(row[c] / sum);
  }
  return scaled;
}

double fit_temperature(const Probabilities& probabilities, std::span<const std::int32_t> labels) {
  check(probabilities, labels);
  std::vector<double> logits;
  for (const float p : probabilities.values()) logits.push_back(std::log(clipped(p)));
  // Where no temperature changes anything, as between equal probabilities, none is the best.
  if (slope(logits, probabilities.classes(), labels, 1) == 0) return 1;
  double low = std::log(1 / kHottest);
  double high = std::log(1 / kColdest);
  // Fifty halvings of log(1/T) leave less than float64 can tell apart.
  constexpr int kHalvings = 50;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    const bool falls = slope(logits, probabilities.classes(), labels, std::exp(middle)) < 0;
    (falls ? low : high) = middle;
  }
  return std::exp(-(low + high) / 2);
}

nlohmann::json to_json(const Reliability& reliability) {
  nlohmann::json bins = nlohmann::json::array();
  for (const ReliabilityBin& bin : reliability.bins) {
    bins.push_back({{"low", bin.low},
                    {"high", bin.high},
                    {"samples", bin.samples},
                    {"confidence", bin.samples > 0 ? nlohmann::json(bin.confidence) : nullptr},
                    {"accuracy", bin.samples > 0 ? nlohmann::json(bin.accuracy) : nullptr}});
  }
  return {{"expected_error", reliability.expected_error},
          {"maximum_error", reliability.maximum_error},
          {"bins", std::move(bins)}};
}

}  // namespace thimble
