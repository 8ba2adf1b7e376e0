#include "classical/scaling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/simd.hpp"

namespace thimble::classical {
namespace {

THIMBLE_SIMD_CLONES
void multiply(float* values, std::size_t n, float factor) {
  for (std::size_t i = 0; i < n; ++i) values[i] *= factor;
}

THIMBLE_SIMD_CLONES
void shift_and_scale(float* sample, std::size_t d, const float* shift, const float* factor) {
  for (std::size_t j = 0; j < d; ++j) sample[j] = (sample[j] - shift[j]) * factor[j];
}

THIMBLE_SIMD_CLONES
void add(const float* sample, std::size_t d, double* sums) {
  for (std::size_t j = 0; j < d; ++j) sums[j] += static_cast<double>(sample[j]);
}

THIMBLE_SIMD_CLONES
void add_squared_distance(const float* sample, std::size_t d, const double* mean, double* sums) {
  for (std::size_t j = 0; j < d; ++j) {
    const double distance = static_cast<double>(sample[j]) - mean[j];
    sums[j] += distance * distance;
  }
}

/// Blocks summed between two looks at the progress.
constexpr std::size_t kBlocksAtATime = 32;

/// Sums `add(sample, sums)` over all samples: block by block, the blocks' sums in order.
template <class Add>
std::vector<double> sum_samples(const Features& features, Progress& progress, const Add& add_to) {
  const std::size_t n = features.size();
  const std::size_t d = features.dims();
  std::vector<double> total(d);
  constexpr std::size_t kStride = kSampleBlock * kBlocksAtATime;
  for (std::size_t from = 0; from < n; from += kStride) {
    if (progress.stop_requested()) throw Cancelled("cancelled");
    const std::size_t to = std::min(n, from + kStride);
    const std::size_t blocks = (to - from + kSampleBlock - 1) / kSampleBlock;
    std::vector<double> sums(blocks * d);
    parallel_tasks(blocks, [&](std::size_t block) {
      const std::size_t begin = from + block * kSampleBlock;
      const std::size_t end = std::min(to, begin + kSampleBlock);
      std::vector<float> floats((end - begin) * d);
      features.copy(begin, end, floats.data());
      for (std::size_t i = 0; i < end - begin; ++i) {
        add_to(floats.data() + i * d, sums.data() + block * d);
      }
    });
    for (std::size_t block = 0; block < blocks; ++block) {
      for (std::size_t j = 0; j < d; ++j) total[j] += sums[block * d + j];
    }
  }
  return total;
}

/// As scikit-learn's _is_constant_feature: a variance that rounding alone can bring about.
bool is_constant(double mean, double variance, double n) {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  const double rounding = n * mean * kEpsilon;
  return variance <= n * kEpsilon * variance + rounding * rounding;
}

}  // namespace

Moments feature_moments(const Features& features, Progress& progress) {
  const std::size_t d = features.dims();
  const auto n = static_cast<double>(features.size());
  Moments moments;
  moments.mean = sum_samples(features, progress,
                             [d](const float* sample, double* sums) { add(sample, d, sums); });
  for (double& mean : moments.mean) mean /= n;
  const double* mean = moments.mean.data();
  moments.variance = sum_samples(features, progress, [d, mean](const float* sample, double* sums) {
    add_squared_distance(sample, d, mean, sums);
  });
  for (std::size_t j = 0; j < d; ++j) {
    moments.variance[j] /= n;
    if (is_constant(mean[j], moments.variance[j], n)) moments.variance[j] = 0;
  }
  return moments;
}

Pixels::Pixels(FeatureLine& line) {
  weight_ = line.option("weight", weight_, kLeastWeight, kMostWeight);
  line.finish();
}

std::string Pixels::line() const { return fmt::format("pixels weight={}", weight_); }

void Pixels::extract(const Images& pictures, std::size_t begin, std::size_t end, float* out,
                     std::size_t stride) const {
  const std::size_t d = pictures.shape().size();
  const Features pixels(pictures.pixels(), d, static_cast<float>(weight_ / 255));
  for (std::size_t i = begin; i < end; ++i) pixels.copy(i, i + 1, out + (i - begin) * stride);
}

Scale::Scale(FeatureLine& line) {
  if (const auto argument = line.next()) {
    const auto slash = argument->find('/');
    factor_ = line.number(argument->substr(0, slash), "the factor");
    if (slash != std::string::npos) {
      factor_ /= line.number(argument->substr(slash + 1), "the factor's divisor");
    }
    const auto factor = static_cast<float>(factor_);
    if (!std::isnormal(factor) || factor < 0) {
      line.fail(fmt::format("the factor is {}, expected a number above 0", *argument));
    }
  }
  line.finish();
}

std::string Scale::line() const {
  return factor_ == 1.0 / 255.0 ? "scale 1/255" : fmt::format("scale {}", factor_);
}

Features Scale::apply(Features features) const {
  const auto factor = static_cast<float>(factor_);
  if (features.is_bytes()) {
    return {features.bytes(), features.dims(), features.scale() * factor};
  }
  linalg::Matrix values = std::move(features).take_values();
  parallel_for(values.rows(), kSampleBlock, [&](std::size_t begin, std::size_t end) {
    multiply(values.data() + begin * values.columns(), (end - begin) * values.columns(), factor);
  });
  return Features(std::move(values));
}

Standardize::Standardize(FeatureLine& line) { line.finish(); }

std::string Standardize::line() const { return "standardize"; }

void Standardize::fit(const Features& features, Progress& progress) {
  const Moments moments = feature_moments(features, progress);
  mean_.assign(moments.mean.begin(), moments.mean.end());
  deviation_.clear();
  for (const double variance : moments.variance) {
    deviation_.push_back(static_cast<float>(std::sqrt(variance)));
  }
}

std::vector<float> Standardize::factors() const {
  std::vector<float> factors;
  for (const float deviation : deviation_) {
    factors.push_back(std::isnormal(deviation) ? 1 / deviation : 0.0F);
  }
  return factors;
}

Features Standardize::apply(Features features) const {
  linalg::Matrix values = take_floats(std::move(features));
  const std::vector<float> factor = factors();
  parallel_for(values.rows(), kSampleBlock, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      shift_and_scale(values[i].data(), values.columns(), mean_.data(), factor.data());
    }
  });
  return Features(std::move(values));
}

std::vector<LearnedArray> Standardize::learned() const {
  const auto d = static_cast<std::int64_t>(mean_.size());
  return {{"mean", {d}, mean_}, {"deviation", {d}, deviation_}};
}

void Standardize::restore(std::size_t dims, const LearnedArrays& arrays) {
  const auto d = static_cast<std::int64_t>(dims);
  mean_ = arrays.values("mean", {d});
  deviation_ = arrays.values("deviation", {d});
  if (std::ranges::any_of(deviation_, [](float x) { return x < 0; })) {
    arrays.refuse("deviation", "a deviation is negative");
  }
}

Normalize::Normalize(FeatureLine& line) { line.finish(); }

std::string Normalize::line() const { return "normalize"; }

Features Normalize::apply(Features features) const {
  linalg::Matrix values = take_floats(std::move(features));
  parallel_for(values.rows(), kSampleBlock, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      double squares = 0;
      for (const float x : values[i]) squares += static_cast<double>(x) * static_cast<double>(x);
      const double length = std::sqrt(squares);
      if (length > 0) multiply(values[i].data(), values.columns(), static_cast<float>(1 / length));
    }
  });
  return Features(std::move(values));
}

}  // namespace thimble::classical
