#include "exploration/class_overlap.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include <fmt/format.h>

#include "base/error.hpp"
#include "classical/pca.hpp"
#include "exploration/class_pictures.hpp"
#include "exploration/reduced_pictures.hpp"
#include "linalg/leading_eigensystem.hpp"
#include "linalg/products.hpp"

namespace thimble {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Pictures with more values are shrunk first.
constexpr std::size_t kMostValues = 1024;
/// Directions looked at: they hold most of what small pictures say.
constexpr std::size_t kMostComponents = 50;
/// Samples needed for each: with fewer, W comes out too small and separations too large, on average
/// by the factor f / (f - components - 1) in the square, f the degrees of freedom.
constexpr std::size_t kSamplesPerComponent = 10;
/// Rounding to whole grey levels alone makes this variance in every direction.
constexpr double kRoundingVariance = 1.0 / 12;
/// What float32 sums leave uncertain, relative to the largest variance.
constexpr double kUncertainty = 1e-6;

std::size_t present_classes(const ClassPictures& pictures) {
  return static_cast<std::size_t>(std::ranges::count_if(
      pictures.classes, [](const PixelMoments& moments) { return moments.pictures > 0; }));
}

double mean_distance(const PixelMoments& a, const PixelMoments& b) {
  if (a.pictures == 0 || b.pictures == 0) return kNaN;
  double sum = 0;
  for (std::size_t j = 0; j < a.mean.size(); ++j) {
    sum += (a.mean[j] - b.mean[j]) * (a.mean[j] - b.mean[j]);
  }
  return std::sqrt(sum / static_cast<double>(a.mean.size()));
}

double between_share(const ClassPictures& pictures) {
  double total = 0;
  double between = 0;
  for (std::size_t j = 0; j < pictures.shape.size(); ++j) {
    total += pictures.overall.variance[j];
    for (const PixelMoments& moments : pictures.classes) {
      const double difference = moments.mean[j] - pictures.overall.mean[j];
      between += static_cast<double>(moments.pictures) * difference * difference /
                 static_cast<double>(pictures.overall.pictures);
    }
  }
  return total == 0 ? 0 : between / total;
}

/// Leading principal components of all pictures.
linalg::Eigensystem principal_components(const std::vector<double>& covariance, std::size_t d,
                                         std::size_t wanted, Progress& progress) {
  // Where most are wanted, all are as quick to find.
  if (wanted * 4 < d) return linalg::leading_eigensystem(covariance, d, wanted, progress);
  linalg::Eigensystem all = linalg::symmetric_eigensystem(covariance, d);
  all.values.resize(wanted);
  all.vectors.resize(wanted * d);
  return all;
}

/// The means of the classes seen along directions in which the classes' pooled covariance is 1.
class WhitenedMeans {
 public:
  WhitenedMeans(const ClassPictures& pictures, const linalg::Eigensystem& components)
      : k_(components.values.size()) {
    project(pictures, components);
    whiten(linalg::symmetric_eigensystem(within(pictures, components), k_), components.values[0]);
  }

  double distance(std::size_t a, std::size_t b) const {
    double sum = 0;
    for (std::size_t i = 0; i < k_; ++i) {
      const double difference = means_[a * k_ + i] - means_[b * k_ + i];
      sum += difference * difference;
    }
    return std::sqrt(sum);
  }

 private:
  void project(const ClassPictures& pictures, const linalg::Eigensystem& components) {
    const std::size_t d = pictures.shape.size();
    for (const PixelMoments& moments : pictures.classes) {
      for (std::size_t i = 0; i < k_; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < d; ++j) {
          sum += components.vectors[i * d + j] * (moments.mean[j] - pictures.overall.mean[j]);
        }
        means_.push_back(sum);
      }
    }
  }

  /// W = ((n - 1) total covariance - sum n_c m_c m_c') / (n - classes), double [k, k].
  std::vector<double> within(const ClassPictures& pictures,
                             const linalg::Eigensystem& components) const {
    const auto n = static_cast<double>(pictures.overall.pictures);
    std::vector<double> matrix(k_ * k_);
    for (std::size_t i = 0; i < k_; ++i) matrix[i * k_ + i] = (n - 1) * components.values[i];
    for (std::size_t c = 0; c < pictures.classes.size(); ++c) {
      const auto count = static_cast<double>(pictures.classes[c].pictures);
      if (count == 0) continue;
      for (std::size_t i = 0; i < k_ * k_; ++i) {
        matrix[i] -= count * means_[c * k_ + i / k_] * means_[c * k_ + i % k_];
      }
    }
    for (double& value : matrix) value /= n - static_cast<double>(present_classes(pictures));
    return matrix;
  }

  void whiten(const linalg::Eigensystem& within, double largest_variance) {
    const double least = std::max(kRoundingVariance, kUncertainty * largest_variance);
    std::vector<double> whitened;
    for (std::size_t first = 0; first < means_.size(); first += k_) {
      for (std::size_t i = 0; i < k_; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < k_; ++j) sum += within.vectors[i * k_ + j] * means_[first + j];
        whitened.push_back(sum / std::sqrt(std::max(within.values[i], least)));
      }
    }
    means_ = std::move(whitened);
  }

  std::size_t k_;
  std::vector<double> means_;  ///< double [classes, k]
};

/// Pictures small enough for a covariance matrix.
Dataset shrink(const Dataset& dataset) {
  Dataset small;
  small.images = thumbnails(dataset.images, kMostValues);
  small.labels = dataset.labels;
  small.classes = dataset.classes;
  return small;
}

void find_separations(const Dataset& dataset, Progress& progress, ClassDistances& result) {
  const Dataset small = shrink(dataset);
  const std::size_t d = small.images.shape().size();
  const ClassPictures pictures = class_pictures(small);
  const std::size_t freedom = small.size() - present_classes(pictures);
  const std::size_t wanted = std::min({kMostComponents, d, freedom / kSamplesPerComponent});
  if (wanted == 0 || result.between_share == 0) return;

  const std::vector<float> mean(pictures.overall.mean.begin(), pictures.overall.mean.end());
  const auto covariance =
      classical::covariance(classical::Features(small.images.pixels(), d, 1), mean, progress);
  const linalg::Eigensystem components = principal_components(covariance, d, wanted, progress);
  double total = 0;
  for (std::size_t j = 0; j < d; ++j) total += covariance[j * d + j];
  for (const double variance : components.values) result.explained_variance += variance / total;
  result.components = wanted;

  const WhitenedMeans means(pictures, components);
  for (std::size_t a = 0; a < result.classes; ++a) {
    for (std::size_t b = 0; b < result.classes; ++b) {
      if (pictures.classes[a].pictures == 0 || pictures.classes[b].pictures == 0) continue;
      result.separation[a * result.classes + b] = means.distance(a, b);
      if (a < b) result.nearest.push_back({a, b, means.distance(a, b)});
    }
  }
  std::ranges::stable_sort(result.nearest, {}, &ClassPair::value);
}

}  // namespace

double expected_error(double separation) { return 0.5 * std::erfc(separation / 2 / std::sqrt(2)); }

ClassDistances class_distances(const Dataset& dataset, Progress& progress) {
  if (dataset.size() == 0) throw DataError("class distances: there is no picture");
  const ClassPictures pictures = class_pictures(dataset);
  ClassDistances result;
  result.classes = dataset.classes.size();
  result.mean_distance.resize(result.classes * result.classes);
  for (std::size_t i = 0; i < result.mean_distance.size(); ++i) {
    result.mean_distance[i] =
        mean_distance(pictures.classes[i / result.classes], pictures.classes[i % result.classes]);
  }
  result.between_share = between_share(pictures);
  result.separation.assign(result.classes * result.classes, kNaN);
  find_separations(dataset, progress, result);
  return result;
}

NeighborOverlap neighbor_overlap(const DatasetSplits& splits, const Neighborhood& neighborhood) {
  const AllSamples samples(splits);
  check_neighborhood(neighborhood, samples);
  NeighborOverlap result;
  result.classes = samples.classes().size();
  result.k = neighborhood.k;
  std::vector<std::uint64_t> counts(result.classes * result.classes);
  std::uint64_t nearest = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto label = static_cast<std::size_t>(samples.label(i));
    const auto neighbors = neighborhood.neighbors(i);
    for (const std::int32_t neighbor : neighbors) {
      const auto other = samples.label(static_cast<std::size_t>(neighbor));
      ++counts[label * result.classes + static_cast<std::size_t>(other)];
    }
    if (neighbors.empty()) continue;
    if (samples.label(static_cast<std::size_t>(neighbors[0])) == samples.label(i)) ++nearest;
  }

  std::uint64_t same = 0;
  std::uint64_t all = 0;
  for (std::size_t a = 0; a < result.classes; ++a) {
    const auto row = std::span(counts).subspan(a * result.classes, result.classes);
    const std::uint64_t total = std::accumulate(row.begin(), row.end(), std::uint64_t{0});
    same += row[a];
    all += total;
    for (const std::uint64_t count : row) {
      result.shares.push_back(total == 0 ? kNaN
                                         : static_cast<double>(count) / static_cast<double>(total));
    }
  }
  const auto n = static_cast<double>(samples.size());
  result.same_class = all == 0 ? kNaN : static_cast<double>(same) / static_cast<double>(all);
  result.nearest_same_class = all == 0 ? kNaN : static_cast<double>(nearest) / n;
  for (std::size_t a = 0; a < result.classes; ++a) {
    for (std::size_t b = a + 1; b < result.classes; ++b) {
      const double mean =
          (result.shares[a * result.classes + b] + result.shares[b * result.classes + a]) / 2;
      if (mean > 0) result.most_overlapping.push_back({a, b, mean});
    }
  }
  std::ranges::stable_sort(result.most_overlapping, std::ranges::greater{}, &ClassPair::value);
  return result;
}

}  // namespace thimble
