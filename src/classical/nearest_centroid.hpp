// Each sample belongs to the class whose mean is nearest (Rocchio's classifier; C. D. Manning,
// P. Raghavan, H. Schuetze: Introduction to Information Retrieval, section 14.2).

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/progress.hpp"
#include "classical/features.hpp"

namespace thimble::classical {

/// Nearest class mean by Euclidean distance d. Decides as scikit-learn's NearestCentroid.
///
/// Probabilities are those of equally frequent classes that are normal around their means with
/// variance s^2 in every direction: the softmax of -d^2 / (2 s^2), where s^2 is the mean over
/// samples and features of the squared difference to the mean of the class.
///
/// Thread safety: const functions may be called from several threads at once.
class NearestCentroid {
 public:
  NearestCentroid() = default;
  /// @param class_count  int64 [classes]; classes without samples are never predicted
  /// @param centroids    float64 [classes, d]
  /// @param variance     s^2
  /// @throws ShapeError  if the sizes do not fit
  /// @throws DataError   if there is no sample, a number is not finite, or the variance not
  /// positive
  NearestCentroid(std::vector<std::int64_t> class_count, std::vector<double> centroids,
                  double variance);

  /// @throws Cancelled  if `progress` asked to stop
  static NearestCentroid fit(const Samples& samples, Progress& progress);

  /// @param out  float32 [n, classes]
  void predict_proba(const Features& features, std::span<float> out) const;

  std::span<const std::int64_t> class_count() const { return class_count_; }
  std::span<const double> centroids() const { return centroids_; }
  double variance() const { return variance_; }

 private:
  std::vector<std::int64_t> class_count_;
  std::vector<double> centroids_;
  double variance_ = 1;
};

}  // namespace thimble::classical
