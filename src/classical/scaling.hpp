// Steps that only scale: all values alike, each feature, or each sample.

#pragma once

#include <string>
#include <vector>

#include "classical/feature_step.hpp"

namespace thimble::classical {

/// `pixels weight=0.5`: pixels times weight/255, to stand beside other picture steps.
class Pixels : public PictureStep {
 public:
  explicit Pixels(FeatureLine& line);

  std::string line() const override;
  std::size_t dims(const PictureShape& shape) const override { return shape.size(); }
  void extract(const Images& pictures, std::size_t begin, std::size_t end, float* out,
               std::size_t stride) const override;
  double weight() const { return weight_; }

 private:
  double weight_ = 1;
};

/// `scale 1/255`: every value times one factor. Bytes stay bytes.
class Scale : public FeatureStep {
 public:
  explicit Scale(FeatureLine& line);

  std::string line() const override;
  Features apply(Features features) const override;
  double factor() const { return factor_; }

 private:
  double factor_ = 1.0 / 255.0;
};

/// `standardize`: every feature to mean 0 and standard deviation 1 over the training samples
/// (divided by n, as scikit-learn's StandardScaler does). A feature that did not vary there says
/// nothing and becomes 0 everywhere.
class Standardize : public FeatureStep {
 public:
  explicit Standardize(FeatureLine& line);

  std::string line() const override;
  void fit(const Features& features, Progress& progress) override;
  Features apply(Features features) const override;
  std::vector<LearnedArray> learned() const override;
  void restore(std::size_t dims, const LearnedArrays& arrays) override;

  const std::vector<float>& mean() const { return mean_; }
  /// What a feature less its mean is multiplied by.
  std::vector<float> factors() const;

 private:
  std::vector<float> mean_;
  std::vector<float> deviation_;  ///< 0 where the feature did not vary
};

/// `normalize`: every sample to length 1; a sample of zeros stays one.
class Normalize : public FeatureStep {
 public:
  explicit Normalize(FeatureLine& line);

  std::string line() const override;
  Features apply(Features features) const override;
};

/// Mean of each feature, and the mean squared distance from it (divided by n).
struct Moments {
  std::vector<double> mean;
  std::vector<double> variance;  ///< exactly 0 for a feature that does not vary
};

/// @throws Cancelled  if `progress` asked to stop
Moments feature_moments(const Features& features, Progress& progress);

}  // namespace thimble::classical
