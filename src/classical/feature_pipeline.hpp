// Steps from pictures to features, as a recipe lists them, one a line:
//
//     scale                                  pixels times 1/255
//     hog cell=4 block=2 orientations=9      histogram of oriented gradients; first, as it needs
//                                            pictures (classical/hog.hpp)
//     standardize                            every feature to mean 0 and deviation 1
//     pca 50 whiten=true                     the 50 directions of largest variance; a number below
//     1
//                                            is the share of variance to keep
//     normalize                              every sample to length 1

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "classical/features.hpp"
#include "imaging/images.hpp"

namespace thimble::classical {

/// Numbers that a step learned, for the model file.
struct LearnedArray {
  std::string name;  ///< "features.1.mean": the step's position and what it is
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

/// One line, read.
class FeatureStep;

/// Feature steps, one after another. Without any, features are the pixels, 0 to 255.
class FeaturePipeline {
 public:
  /// @throws UsageError  naming the line and what is wrong with it; suggests the nearest known step
  explicit FeaturePipeline(const std::vector<std::string>& lines);
  ~FeaturePipeline();
  FeaturePipeline(FeaturePipeline&&) noexcept;
  FeaturePipeline& operator=(FeaturePipeline&&) noexcept;

  /// Learns what the steps need (means, directions) and returns the training pictures' features.
  /// @throws UsageError  if a step does not suit the pictures (a HOG cell larger than they are)
  /// @throws Cancelled   if `progress` asked to stop
  Features fit_transform(const Images& pictures, Progress& progress);

  /// @param pictures  of the shape given to fit_transform; must outlive the result
  Features transform(const Images& pictures) const;

  /// The lines with every option spelled out.
  std::vector<std::string> lines() const;

  std::vector<LearnedArray> learned() const;
  /// Takes the place of fit_transform in a loaded model.
  /// @throws DataError  if an array is missing or of the wrong shape; says which
  void restore(const PictureShape& shape, const std::vector<LearnedArray>& learned);

  /// Features of one sample, once fitted or restored.
  std::size_t dims() const;

 private:
  std::vector<std::unique_ptr<FeatureStep>> steps_;
  std::size_t dims_ = 0;
};

}  // namespace thimble::classical
