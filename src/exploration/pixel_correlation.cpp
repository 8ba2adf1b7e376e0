#include "exploration/pixel_correlation.hpp"

#include <cmath>
#include <limits>
#include <map>

#include "base/error.hpp"
#include "classical/pca.hpp"
#include "exploration/class_pictures.hpp"
#include "exploration/reduced_pictures.hpp"

namespace thimble {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Point-biserial: (mean in the class - mean) / deviation * sqrt(n_c / (n - n_c)).
std::vector<double> correlation_with_class(const PixelMoments& overall,
                                           const PixelMoments& of_class) {
  std::vector<double> result(overall.mean.size(), kNaN);
  if (of_class.pictures == 0 || of_class.pictures == overall.pictures) return result;
  const double odds = std::sqrt(static_cast<double>(of_class.pictures) /
                                static_cast<double>(overall.pictures - of_class.pictures));
  for (std::size_t j = 0; j < result.size(); ++j) {
    if (overall.variance[j] == 0) continue;
    result[j] = (of_class.mean[j] - overall.mean[j]) / std::sqrt(overall.variance[j]) * odds;
  }
  return result;
}

/// Correlations of pixels with each other; NaN for constant ones.
class CorrelationMatrix {
 public:
  CorrelationMatrix(const Images& images, Progress& progress) : pixels_(images.shape().size()) {
    Dataset unlabelled;
    unlabelled.images = images;
    unlabelled.labels.assign(images.size(), 0);
    unlabelled.classes = {""};
    const PixelMoments moments = class_pictures(unlabelled).overall;
    const std::vector<float> mean(moments.mean.begin(), moments.mean.end());
    matrix_ =
        classical::covariance(classical::Features(images.pixels(), pixels_, 1), mean, progress);
    deviations_.resize(pixels_, kNaN);
    for (std::size_t j = 0; j < pixels_; ++j) {
      // Sums of float32 may leave a little of what is exactly 0.
      if (moments.variance[j] > 0) deviations_[j] = std::sqrt(matrix_[j * pixels_ + j]);
    }
  }

  bool varies(std::size_t pixel) const { return !std::isnan(deviations_[pixel]); }
  double at(std::size_t i, std::size_t j) const {
    return matrix_[i * pixels_ + j] / deviations_[i] / deviations_[j];
  }

 private:
  std::size_t pixels_;
  std::vector<double> matrix_;
  std::vector<double> deviations_;  ///< NaN for constant pixels
};

struct Mean {
  double sum = 0;
  std::uint64_t count = 0;

  void add(double value) {
    sum += value;
    ++count;
  }
  double get() const { return count == 0 ? kNaN : sum / static_cast<double>(count); }
};

/// Goes through all pairs of pixels that vary.
void summarize_pairs(const CorrelationMatrix& matrix, PixelCorrelation& result) {
  const auto height = static_cast<std::size_t>(result.reduced_height);
  const auto width = static_cast<std::size_t>(result.reduced_width);
  const double row_height = static_cast<double>(result.height) / static_cast<double>(height);
  const double column_width = static_cast<double>(result.width) / static_cast<double>(width);
  struct Ring {
    Mean correlation;
    Mean distance;
  };
  std::map<long, Ring> rings;
  Mean horizontal;
  Mean vertical;
  double squares = 0;
  std::size_t varying = 0;
  for (std::size_t i = 0; i < height * width; ++i) {
    if (!matrix.varies(i)) continue;
    ++varying;
    squares += 1;
    for (std::size_t j = i + 1; j < height * width; ++j) {
      if (!matrix.varies(j)) continue;
      const double correlation = matrix.at(i, j);
      squares += 2 * correlation * correlation;
      const auto rows = static_cast<double>(j / width - i / width);
      const double columns = static_cast<double>(j % width) - static_cast<double>(i % width);
      Ring& ring = rings[std::lround(std::hypot(rows, columns))];
      ring.correlation.add(correlation);
      ring.distance.add(std::hypot(rows * row_height, columns * column_width));
      if (rows == 0 && columns == 1) horizontal.add(correlation);
      if (rows == 1 && columns == 0) vertical.add(correlation);
    }
  }
  for (const auto& [rounded, ring] : rings) {
    result.by_distance.push_back(
        {ring.distance.get(), ring.correlation.get(), ring.correlation.count});
  }
  result.horizontal = horizontal.get();
  result.vertical = vertical.get();
  const auto p = static_cast<double>(varying);
  result.effective_pixels = varying == 0 ? 0 : p * p / squares;
}

}  // namespace

PixelCorrelation pixel_correlation(const Dataset& dataset, Progress& progress) {
  if (dataset.size() == 0) throw DataError("correlation: there is no picture");
  Dataset grey;
  grey.images = to_grey(dataset.images);
  grey.labels = dataset.labels;
  grey.classes = dataset.classes;
  const ClassPictures pictures = class_pictures(grey);

  PixelCorrelation result;
  result.height = pictures.shape.height;
  result.width = pictures.shape.width;
  for (const PixelMoments& of_class : pictures.classes) {
    result.with_class.push_back(correlation_with_class(pictures.overall, of_class));
  }
  for (const double variance : pictures.overall.variance) {
    result.constant.push_back(variance == 0 ? 1 : 0);
    if (variance == 0) ++result.constant_pixels;
  }

  const Images reduced = thumbnails(grey.images, kMostCorrelatedPixels);
  result.reduced_height = reduced.shape().height;
  result.reduced_width = reduced.shape().width;
  summarize_pairs(CorrelationMatrix(reduced, progress), result);
  return result;
}

}  // namespace thimble
