#include "classical/naive_bayes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/simd.hpp"
#include "classical/class_sums.hpp"

namespace thimble::classical {
namespace {

using Variant = NaiveBayesVariant;

constexpr double kSmallestAlpha = 1e-10;
// Sums kept side by side, so that additions need not wait for each other.
constexpr std::size_t kLanes = 8;

double total(const double* sums) {
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

THIMBLE_SIMD_CLONES
double weighted_squares(const float* x, const double* means, const double* weights, std::size_t d) {
  double sums[kLanes] = {};
  const auto add = [&](std::size_t lane, std::size_t j) {
    const double difference = static_cast<double>(x[j]) - means[j];
    sums[lane] += difference * difference * weights[j];
  };
  std::size_t j = 0;
  for (; j + kLanes <= d; j += kLanes) {
    for (std::size_t i = 0; i < kLanes; ++i) add(i, j + i);
  }
  for (; j < d; ++j) add(0, j);
  return total(sums);
}

THIMBLE_SIMD_CLONES
double weighted_values(const float* x, const double* weights, std::size_t d) {
  double sums[kLanes] = {};
  std::size_t j = 0;
  for (; j + kLanes <= d; j += kLanes) {
    for (std::size_t i = 0; i < kLanes; ++i)
      sums[i] += static_cast<double>(x[j + i]) * weights[j + i];
  }
  for (; j < d; ++j) sums[0] += static_cast<double>(x[j]) * weights[j];
  return total(sums);
}

/// 1 for features that are there, else 0. Apart from the sum over weights: GCC 12 at -O3 for AVX2
/// gets choosing between doubles by comparing floats wrong.
THIMBLE_SIMD_CLONES
void binarize(const float* x, float threshold, std::size_t d, float* present) {
  for (std::size_t j = 0; j < d; ++j) present[j] = x[j] > threshold ? 1.0F : 0.0F;
}

/// The largest float that is not above `x`: no float lies between the two.
float rounded_down(double x) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  if (x >= kLargest) return kLargest;
  if (x < -kLargest) return -std::numeric_limits<float>::infinity();
  const auto nearest = static_cast<float>(x);
  return nearest > x ? std::nextafter(nearest, -kLargest) : nearest;
}

/// The largest variance of a feature over all samples.
double largest_variance(const NaiveBayesParameters& moments, std::size_t d) {
  const auto counts = std::span(moments.class_count);
  const auto n = static_cast<double>(std::accumulate(counts.begin(), counts.end(), 0LL));
  double largest = 0;
  for (std::size_t j = 0; j < d; ++j) {
    double mean = 0;
    for (std::size_t c = 0; c < counts.size(); ++c) {
      mean += static_cast<double>(counts[c]) / n * moments.first[c * d + j];
    }
    double variance = 0;
    for (std::size_t c = 0; c < counts.size(); ++c) {
      const double shift = moments.first[c * d + j] - mean;
      variance += static_cast<double>(counts[c]) / n * (moments.second[c * d + j] + shift * shift);
    }
    largest = std::max(largest, variance);
  }
  return largest;
}

NaiveBayesParameters fit_gaussian(const Samples& samples, double var_smoothing,
                                  Progress& progress) {
  const std::size_t d = samples.features.dims();
  NaiveBayesParameters learned{class_counts(samples), class_means(samples, progress), {}};
  learned.second = class_squares(samples, learned.first, progress);
  for (std::size_t c = 0; c < samples.classes; ++c) {
    const auto count = static_cast<double>(std::max<std::int64_t>(learned.class_count[c], 1));
    for (std::size_t j = 0; j < d; ++j) learned.second[c * d + j] /= count;
  }
  const double added = var_smoothing * largest_variance(learned, d);
  for (double& variance : learned.second) variance = std::max(variance + added, kSmallestVariance);
  return learned;
}

NaiveBayesParameters fit_multinomial(const Samples& samples, double alpha, Progress& progress) {
  const std::size_t d = samples.features.dims();
  const AddSample add = [d](std::size_t index, const float* x, double* sums) {
    for (std::size_t j = 0; j < d; ++j) {
      if (!(x[j] >= 0)) {
        throw DataError(fmt::format(
            "naive-bayes: feature {} of sample {} is {}; the multinomial variant takes 0 or more",
            j, index, x[j]));
      }
      sums[j] += static_cast<double>(x[j]);
    }
  };
  NaiveBayesParameters learned{class_counts(samples), class_sums(samples, add, progress), {}};
  for (std::size_t c = 0; c < samples.classes; ++c) {
    const auto row = std::span(learned.first).subspan(c * d, d);
    for (double& sum : row) sum += alpha;
    const double log_of_all = std::log(std::accumulate(row.begin(), row.end(), 0.0));
    for (double& sum : row) sum = std::log(sum) - log_of_all;
  }
  return learned;
}

NaiveBayesParameters fit_bernoulli(const Samples& samples, const NaiveBayesOptions& options,
                                   double alpha, Progress& progress) {
  const std::size_t d = samples.features.dims();
  const float threshold = rounded_down(options.binarize);
  const AddSample add = [=](std::size_t, const float* x, double* sums) {
    std::vector<float> present(d);
    binarize(x, threshold, d, present.data());
    for (std::size_t j = 0; j < d; ++j) sums[j] += static_cast<double>(present[j]);
  };
  NaiveBayesParameters learned{class_counts(samples), class_sums(samples, add, progress), {}};
  learned.second.resize(learned.first.size());
  for (std::size_t c = 0; c < samples.classes; ++c) {
    const auto count = static_cast<double>(learned.class_count[c]);
    const double log_of_all = std::log(count + 2 * alpha);
    for (std::size_t i = c * d; i < (c + 1) * d; ++i) {
      const double present = learned.first[i];
      learned.first[i] = std::log(present + alpha) - log_of_all;
      learned.second[i] = std::log(count - present + alpha) - log_of_all;
    }
  }
  return learned;
}

void check(const NaiveBayesParameters& learned, Variant variant, std::size_t d) {
  const std::size_t size = learned.class_count.size() * d;
  const std::size_t second = variant == Variant::multinomial ? 0 : size;
  if (learned.first.size() != size || learned.second.size() != second) {
    throw ShapeError("naive-bayes: arrays are not of [classes, features]");
  }
  if (std::ranges::any_of(learned.class_count, [](std::int64_t count) { return count < 0; }) ||
      std::ranges::all_of(learned.class_count, [](std::int64_t count) { return count == 0; })) {
    throw DataError("naive-bayes: a class has fewer than 0 samples, or no class has any");
  }
  const auto finite = [](double x) { return std::isfinite(x); };
  if (!std::ranges::all_of(learned.first, finite) || !std::ranges::all_of(learned.second, finite)) {
    throw DataError("naive-bayes: a number that is not finite");
  }
  if (variant == Variant::gaussian &&
      !std::ranges::all_of(learned.second, [](double x) { return x >= kSmallestVariance; })) {
    throw DataError("naive-bayes: a variance that is not positive");
  }
}

}  // namespace

NaiveBayes::NaiveBayes(const NaiveBayesOptions& options, std::size_t d,
                       NaiveBayesParameters parameters)
    : options_(options), d_(d), parameters_(std::move(parameters)) {
  check(parameters_, options_.variant, d);
  const auto& [counts, first, second] = parameters_;
  const double n = std::accumulate(counts.begin(), counts.end(), 0.0);
  weights_ = first;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    double bias = std::log(static_cast<double>(counts[c]) / n);
    for (std::size_t i = c * d; i < (c + 1) * d; ++i) {
      if (options_.variant == Variant::gaussian) {
        bias -= 0.5 * std::log(2 * std::numbers::pi * second[i]);
        weights_[i] = -0.5 / second[i];
      } else if (options_.variant == Variant::bernoulli) {
        bias += second[i];
        weights_[i] = first[i] - second[i];
      }
    }
    bias_.push_back(bias);
  }
}

NaiveBayes NaiveBayes::fit(const Samples& samples, const NaiveBayesOptions& options,
                           Progress& progress) {
  if (samples.size() == 0) throw DataError("naive-bayes: no samples");
  const double alpha = std::max(options.alpha, kSmallestAlpha);
  const auto learn = [&] {
    switch (options.variant) {
      case Variant::multinomial:
        return fit_multinomial(samples, alpha, progress);
      case Variant::bernoulli:
        return fit_bernoulli(samples, options, alpha, progress);
      case Variant::gaussian:
        break;
    }
    return fit_gaussian(samples, options.var_smoothing, progress);
  };
  return {options, samples.features.dims(), learn()};
}

float NaiveBayes::threshold() const { return rounded_down(options_.binarize); }

void NaiveBayes::score(const float* x, std::span<double> scores) const {
  std::vector<float> present;
  if (options_.variant == Variant::bernoulli) {
    present.resize(d_);
    binarize(x, threshold(), d_, present.data());
    x = present.data();
  }
  for (std::size_t c = 0; c < scores.size(); ++c) {
    scores[c] = bias_[c];
    if (parameters_.class_count[c] == 0) continue;
    const double* weights = weights_.data() + c * d_;
    scores[c] += options_.variant == Variant::gaussian
                     ? weighted_squares(x, parameters_.first.data() + c * d_, weights, d_)
                     : weighted_values(x, weights, d_);
  }
}

void NaiveBayes::predict_proba(const Features& features, std::span<float> out) const {
  const std::size_t classes = parameters_.class_count.size();
  if (features.dims() != d_ || out.size() != features.size() * classes) {
    throw ShapeError(
        fmt::format("naive-bayes: samples of {} features, expected {}", features.dims(), d_));
  }
  probabilities_of(
      features, classes, [this](const float* x, std::span<double> scores) { score(x, scores); },
      out);
}

}  // namespace thimble::classical
