// Principal component analysis: the directions in which samples vary most.

#pragma once

#include <string>
#include <vector>

#include "classical/feature_step.hpp"

namespace thimble::classical {

/// `pca 50 whiten=true` or `pca 0.95`: each sample's coordinates along the eigenvectors of the
/// features' covariance matrix, largest variance first. As scikit-learn's PCA, but for the signs:
/// here a direction's entry of largest magnitude is positive.
///
/// A share of variance keeps the fewest directions that together reach it. `whiten` divides each
/// coordinate by its standard deviation over the training samples; one that did not vary becomes 0.
class Pca : public FeatureStep {
 public:
  explicit Pca(FeatureLine& line);

  std::string line() const override;
  /// @throws UsageError  if more components are asked for than there are samples or features
  void fit(const Features& features, Progress& progress) override;
  Features apply(Features features) const override;
  std::size_t dims_after(std::size_t) const override { return variance_.size(); }
  std::vector<LearnedArray> learned() const override;
  void restore(std::size_t dims, const LearnedArrays& arrays) override;

  const std::vector<float>& mean() const { return mean_; }
  /// What samples less the mean are multiplied with, float [components, d].
  const std::vector<float>& projection() const { return projection_; }

 private:
  std::size_t components_wanted(const std::vector<double>& variances) const;
  void prepare();

  std::string wanted_;  ///< as the line says it
  int components_ = 0;  ///< 0: by share
  double share_ = 0;    ///< of the variance, in (0, 1)
  bool whiten_ = false;

  std::vector<float> mean_;        ///< [d]
  std::vector<float> directions_;  ///< [components, d], unit length
  std::vector<float> variance_;    ///< [components], divided by n - 1
  std::vector<float> projection_;  ///< directions_, divided by the deviations if to be whitened
};

/// The lower triangle of the covariance matrix (divided by n - 1; 0 for a single sample), double
/// [d, d]; the upper is its mirror image. Products of float32 within blocks, double across them.
/// @throws Cancelled  if `progress` asked to stop
std::vector<double> covariance(const Features& features, const std::vector<float>& mean,
                               Progress& progress);

}  // namespace thimble::classical
