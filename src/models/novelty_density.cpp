#include "models/novelty_density.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/simd.hpp"
#include "classical/inverse_cholesky.hpp"
#include "classical/pca.hpp"
#include "linalg/leading_eigensystem.hpp"
#include "linalg/products.hpp"
#include "models/stored_array.hpp"

namespace thimble {
namespace {

using linalg::Transpose;

constexpr char kMean[] = "novelty.mean";
constexpr char kDirections[] = "novelty.directions";
constexpr char kFactors[] = "novelty.factors";
constexpr char kCenters[] = "novelty.centers";
constexpr char kOffsets[] = "novelty.offsets";
constexpr char kResidualWeights[] = "novelty.residual_weights";

constexpr std::size_t kMostComponents = 48;
/// Of few samples only as many directions can be told as there are several samples for each.
constexpr std::size_t kSamplesByComponent = 4;
/// With more classes, they share one covariance: time and file would grow with them.
constexpr std::size_t kMostCovariances = 20;
/// A class's covariance and residual are drawn to those of all as if that many samples a component
/// had come from there.
constexpr double kSharedSamples = 2;
constexpr double kRidge = 1e-3;          // of the mean variance
constexpr double kLeastVariance = 1e-6;  // where nothing varies at all
constexpr std::size_t kBlock = 256;      // samples projected at a time

constexpr std::size_t kLanes = 16;  // partial sums, so that the loops can be vectorised

float sum_of(const float (&lanes)[kLanes]) {
  return std::accumulate(std::begin(lanes), std::end(lanes), 0.0F);
}

/// Takes the mean off a sample; its squared length.
THIMBLE_SIMD_CLONES
float center(float* sample, const float* mean, std::size_t d) {
  float lanes[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= d; i += kLanes) {
    for (std::size_t l = 0; l < kLanes; ++l) {
      const float value = sample[i + l] - mean[i + l];
      sample[i + l] = value;
      lanes[l] += value * value;
    }
  }
  for (; i < d; ++i) {
    sample[i] -= mean[i];
    lanes[0] += sample[i] * sample[i];
  }
  return sum_of(lanes);
}

THIMBLE_SIMD_CLONES
void add_product(const double* from, std::size_t n, double factor, double* to) {
  for (std::size_t i = 0; i < n; ++i) to[i] += from[i] * factor;
}

THIMBLE_SIMD_CLONES
float squared_distance(const float* a, const float* b, std::size_t d) {
  float lanes[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= d; i += kLanes) {
    for (std::size_t l = 0; l < kLanes; ++l) {
      const float difference = a[i + l] - b[i + l];
      lanes[l] += difference * difference;
    }
  }
  for (; i < d; ++i) lanes[0] += (a[i] - b[i]) * (a[i] - b[i]);
  return sum_of(lanes);
}

/// What is known of the samples of one class, or of all.
struct Moments {
  double samples = 0;
  std::vector<double> mean;      ///< [k]
  std::vector<double> products;  ///< [k, k]; lower triangle: sums of products of what differs from
                                 ///< the mean; of all classes: their mean
  double residual = 0;           ///< sum of the squared lengths outside; of all classes: their mean
};

Moments moments_of_class(const linalg::Matrix& coordinates, std::span<const float> residuals,
                         std::span<const std::int32_t> labels, std::int32_t label) {
  const std::size_t k = coordinates.columns();
  Moments moments{0, std::vector<double>(k), std::vector<double>(k * k), 0};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] != label) continue;
    moments.samples += 1;
    moments.residual += static_cast<double>(residuals[i]);
    for (std::size_t j = 0; j < k; ++j) moments.mean[j] += static_cast<double>(coordinates[i][j]);
  }
  for (double& value : moments.mean) value /= moments.samples;
  std::vector<double> difference(k);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] != label) continue;
    for (std::size_t j = 0; j < k; ++j) {
      difference[j] = static_cast<double>(coordinates[i][j]) - moments.mean[j];
      add_product(difference.data(), j + 1, difference[j], &moments.products[j * k]);
    }
  }
  return moments;
}

/// What all classes have in common: the mean of covariances and residuals, kept from 0.
Moments common(std::span<const Moments> classes) {
  const std::size_t k = classes.front().mean.size();
  Moments all{0, {}, std::vector<double>(k * k), 0};
  for (const Moments& moments : classes) {
    all.samples += moments.samples;
    all.residual += moments.residual;
    for (std::size_t i = 0; i < k * k; ++i) all.products[i] += moments.products[i];
  }
  for (double& value : all.products) value /= all.samples;
  all.residual = std::max(all.residual / all.samples, kLeastVariance);
  double trace = 0;
  for (std::size_t j = 0; j < k; ++j) trace += all.products[j * k + j];
  const double ridge = kRidge * trace / static_cast<double>(k) + kLeastVariance;
  for (std::size_t j = 0; j < k; ++j) all.products[j * k + j] += ridge;
  return all;
}

/// The inverse of a covariance matrix' Cholesky factor.
/// @param matrix  [k, k], of which the lower triangle is read
/// @param factor  float32 [k, k]
/// @return        the logarithm of the matrix' determinant
double factorize(std::span<const double> matrix, std::size_t k, float* factor) {
  linalg::Matrix inverse(k, k);
  std::ranges::transform(matrix, inverse.values().begin(),
                         [](double value) { return static_cast<float>(value); });
  if (!classical::inverse_cholesky(inverse)) {
    throw DataError("novelty detector: the training pictures' covariance cannot be inverted");
  }
  double log_determinant = 0;
  for (std::size_t j = 0; j < k; ++j) {
    log_determinant -= 2 * std::log(static_cast<double>(inverse[j][j]));
  }
  std::ranges::copy(inverse.values(), factor);
  return log_determinant;
}

/// The mean of what `samples` of a class add up to and of `weight` that are as all are.
double shrunk(double own, double samples, double shared, double weight) {
  return (own + weight * shared) / (samples + weight);
}

}  // namespace

struct NoveltyDensity::Projected {
  linalg::Matrix coordinates;    ///< [n, k]
  std::vector<float> residuals;  ///< [n], squared lengths outside of the subspace
};

NoveltyDensity NoveltyDensity::fit(const classical::Samples& samples, Progress& progress) {
  NoveltyDensity density;
  density.fit_subspace(samples.features, progress);
  const std::size_t n = samples.size();
  const std::size_t d = density.dims();
  Projected all{linalg::Matrix(n, density.components()), std::vector<float>(n)};
  parallel_tasks((n + kBlock - 1) / kBlock, [&](std::size_t task) {
    const std::size_t begin = task * kBlock;
    const std::size_t end = std::min(n, begin + kBlock);
    std::vector<float> block((end - begin) * d);
    samples.features.copy(begin, end, block.data());
    const Projected part = density.project(block);
    std::ranges::copy(part.coordinates.values(), all.coordinates[begin].begin());
    std::ranges::copy(part.residuals, all.residuals.begin() + static_cast<std::ptrdiff_t>(begin));
  });
  density.fit_classes(all, samples.labels, present_classes(samples));
  return density;
}

void NoveltyDensity::fit_subspace(const classical::Features& features, Progress& progress) {
  const std::size_t n = features.size();
  const std::size_t d = features.dims();
  std::vector<double> sums(d);
  std::vector<float> sample(d);
  for (std::size_t i = 0; i < n; ++i) {
    features.copy(i, i + 1, sample.data());
    for (std::size_t j = 0; j < d; ++j) sums[j] += static_cast<double>(sample[j]);
  }
  mean_.resize(d);
  for (std::size_t j = 0; j < d; ++j)
    mean_[j] = static_cast<float>(sums[j] / static_cast<double>(n));
  const std::size_t k =
      std::max<std::size_t>(1, std::min({kMostComponents, d, n / kSamplesByComponent}));
  const std::vector<double> covariance = classical::covariance(features, mean_, progress);
  const linalg::Eigensystem system = linalg::leading_eigensystem(covariance, d, k, progress);
  directions_ = linalg::Matrix(k, d);
  std::ranges::transform(system.vectors, directions_.values().begin(),
                         [](double value) { return static_cast<float>(value); });
}

NoveltyDensity::Projected NoveltyDensity::project(std::span<float> samples) const {
  const std::size_t d = dims();
  const std::size_t n = samples.size() / d;
  const std::size_t k = components();
  Projected result{linalg::Matrix(n, k), std::vector<float>(n)};
  for (std::size_t i = 0; i < n; ++i) {
    result.residuals[i] = center(samples.data() + i * d, mean_.data(), d);
  }
  linalg::sgemm(Transpose::no, Transpose::yes, n, k, d, 1, samples.data(), d, directions_.data(), d,
                0, result.coordinates.data(), k);
  const std::vector<float> origin(k);
  for (std::size_t i = 0; i < n; ++i) {
    const float inside = squared_distance(result.coordinates[i].data(), origin.data(), k);
    result.residuals[i] = std::max(0.0F, result.residuals[i] - inside);
  }
  return result;
}

void NoveltyDensity::fit_classes(const Projected& samples, std::span<const std::int32_t> labels,
                                 std::span<const std::int32_t> classes) {
  const std::size_t k = components();
  std::vector<Moments> own(classes.size());
  parallel_tasks(classes.size(), [&](std::size_t c) {
    own[c] = moments_of_class(samples.coordinates, samples.residuals, labels, classes[c]);
  });
  const Moments shared = common(own);
  const double weight = kSharedSamples * static_cast<double>(k);
  const double residual_dims = static_cast<double>(k);
  const bool one_each = own.size() <= kMostCovariances;

  factors_ = linalg::Matrix(one_each ? own.size() * k : k, k);
  centers_ = linalg::Matrix(own.size(), k);
  std::vector<double> energies(own.size());
  double log_determinant = one_each ? 0 : factorize(shared.products, k, factors_.data());
  for (std::size_t c = 0; c < own.size(); ++c) {
    float* factor = factors_.data() + (one_each ? c * k * k : 0);
    if (one_each) {
      std::vector<double> covariance(k * k);
      for (std::size_t i = 0; i < k * k; ++i) {
        covariance[i] = shrunk(own[c].products[i], own[c].samples, shared.products[i], weight);
      }
      log_determinant = factorize(covariance, k, factor);
    }
    const double residual = shrunk(own[c].residual, own[c].samples, shared.residual, weight);
    residual_weights_.push_back(static_cast<float>(residual_dims / residual));
    energies[c] = log_determinant + residual_dims * std::log(residual);
    const std::vector<float> mean(own[c].mean.begin(), own[c].mean.end());
    linalg::sgemm(Transpose::no, Transpose::yes, 1, k, k, 1, mean.data(), k, factor, k, 0,
                  centers_[c].data(), k);
  }
  const double least = *std::ranges::min_element(energies);
  for (const double energy : energies) offsets_.push_back(static_cast<float>(energy - least));
}

void NoveltyDensity::energies(std::span<float> samples, std::span<float> out) const {
  const Projected projected = project(samples);
  const std::size_t n = out.size();
  const std::size_t k = components();
  const std::size_t factors = factors_.rows() / k;
  linalg::Matrix whitened(n, factors * k);
  linalg::sgemm(Transpose::no, Transpose::yes, n, factors * k, k, 1, projected.coordinates.data(),
                k, factors_.data(), k, 0, whitened.data(), factors * k);
  for (std::size_t i = 0; i < n; ++i) {
    float least = std::numeric_limits<float>::infinity();
    for (std::size_t c = 0; c < offsets_.size(); ++c) {
      const float* coordinates = whitened[i].data() + (factors > 1 ? c * k : 0);
      least = std::min(least, squared_distance(coordinates, centers_[c].data(), k) + offsets_[c] +
                                  residual_weights_[c] * projected.residuals[i]);
    }
    out[i] = least;
  }
}

void NoveltyDensity::save(ModelFile& file) const {
  const auto size = [](std::size_t n) { return static_cast<std::int64_t>(n); };
  const std::int64_t k = size(components());
  const std::int64_t classes = size(offsets_.size());
  file.tensors[kMean] = list_tensor(mean_);
  file.tensors[kDirections] = Tensor::from(directions_.values(), {k, size(dims())});
  file.tensors[kFactors] = Tensor::from(factors_.values(), {size(factors_.rows()) / k, k, k});
  file.tensors[kCenters] = Tensor::from(centers_.values(), {classes, k});
  file.tensors[kOffsets] = list_tensor(offsets_);
  file.tensors[kResidualWeights] = list_tensor(residual_weights_);
}

NoveltyDensity NoveltyDensity::load(const ModelFile& file, const std::string& place,
                                    std::size_t dims) {
  const auto d = static_cast<std::int64_t>(dims);
  const auto matrix = [&](const char* name, const std::vector<std::int64_t>& shape) {
    const std::vector<float> values = stored_values<float>(file, place, name, shape);
    const std::vector<std::int64_t>& found = file.tensors.at(name).shape;
    const auto columns = static_cast<std::size_t>(found.back());
    if (values.empty()) throw DataError(fmt::format("{}: tensor {} is empty", place, name));
    linalg::Matrix result(values.size() / columns, columns);
    std::ranges::copy(values, result.values().begin());
    return result;
  };
  NoveltyDensity density;
  density.mean_ = stored_values<float>(file, place, kMean, {d});
  density.directions_ = matrix(kDirections, {kAnySize, d});
  const auto k = static_cast<std::int64_t>(density.components());
  density.centers_ = matrix(kCenters, {kAnySize, k});
  const auto classes = static_cast<std::int64_t>(density.centers_.rows());
  density.factors_ = matrix(kFactors, {kAnySize, k, k});
  const auto factors = static_cast<std::int64_t>(density.factors_.rows()) / k;
  if (factors != 1 && factors != classes) {
    throw DataError(fmt::format("{}: tensor {} holds {} matrices, expected 1 or {}", place,
                                kFactors, factors, classes));
  }
  density.offsets_ = stored_values<float>(file, place, kOffsets, {classes});
  density.residual_weights_ = stored_values<float>(file, place, kResidualWeights, {classes});
  return density;
}

}  // namespace thimble
