#include "classical/nearest_centroid.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/simd.hpp"
#include "classical/class_sums.hpp"

namespace thimble::classical {
namespace {

THIMBLE_SIMD_CLONES
double squared_distance(const float* x, const double* centroid, std::size_t d) {
  constexpr std::size_t kLanes = 4;
  double sums[kLanes] = {};
  const auto add = [&](std::size_t lane, std::size_t j) {
    const double difference = static_cast<double>(x[j]) - centroid[j];
    sums[lane] += difference * difference;
  };
  std::size_t j = 0;
  for (; j + kLanes <= d; j += kLanes) {
    for (std::size_t i = 0; i < kLanes; ++i) add(i, j + i);
  }
  for (; j < d; ++j) add(0, j);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace

NearestCentroid::NearestCentroid(std::vector<std::int64_t> class_count,
                                 std::vector<double> centroids, double variance)
    : class_count_(std::move(class_count)), centroids_(std::move(centroids)), variance_(variance) {
  if (class_count_.empty() || centroids_.size() % class_count_.size() != 0) {
    throw ShapeError("nearest-centroid: centroids are not of [classes, features]");
  }
  if (std::ranges::any_of(class_count_, [](std::int64_t count) { return count < 0; }) ||
      std::ranges::all_of(class_count_, [](std::int64_t count) { return count == 0; })) {
    throw DataError("nearest-centroid: a class has fewer than 0 samples, or no class has any");
  }
  if (!std::ranges::all_of(centroids_, [](double x) { return std::isfinite(x); })) {
    throw DataError("nearest-centroid: a centroid that is not finite");
  }
  if (!(variance_ >= kSmallestVariance) || !std::isfinite(variance_)) {
    throw DataError(fmt::format("nearest-centroid: a variance of {}", variance_));
  }
}

NearestCentroid NearestCentroid::fit(const Samples& samples, Progress& progress) {
  if (samples.size() == 0) throw DataError("nearest-centroid: no samples");
  std::vector<double> centroids = class_means(samples, progress);
  const std::vector<double> squares = class_squares(samples, centroids, progress);
  const double total = std::accumulate(squares.begin(), squares.end(), 0.0);
  const double numbers =
      static_cast<double>(samples.size()) * static_cast<double>(samples.features.dims());
  return {class_counts(samples), std::move(centroids),
          std::max(total / numbers, kSmallestVariance)};
}

void NearestCentroid::predict_proba(const Features& features, std::span<float> out) const {
  const std::size_t classes = class_count_.size();
  const std::size_t d = classes == 0 ? 0 : centroids_.size() / classes;
  if (features.dims() != d || out.size() != features.size() * classes) {
    throw ShapeError(
        fmt::format("nearest-centroid: samples of {} features, expected {}", features.dims(), d));
  }
  const auto score = [&](const float* x, std::span<double> scores) {
    for (std::size_t c = 0; c < classes; ++c) {
      scores[c] = class_count_[c] == 0
                      ? -std::numeric_limits<double>::infinity()
                      : squared_distance(x, centroids_.data() + c * d, d) / (-2 * variance_);
    }
  };
  probabilities_of(features, classes, score, out);
}

}  // namespace thimble::classical
