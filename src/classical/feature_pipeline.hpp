// Steps from pictures to features, as a recipe lists them, one a line:
//
//     scale 1/255                            pixels times 1/255
//
//     hog cell=4 block=2 orientations=9      histograms of oriented gradients (classical/hog.hpp)
//     pixels                                 pixels times 1/255, to stand beside the others
//
//     standardize                            every feature to mean 0 and deviation 1
//     pca 50 whiten=true                     the 50 directions of largest variance; a number below
//                                            1 is the share of variance to keep
//     normalize                              every sample to length 1
//
// `hog` and `pixels` look at pictures and come first. Where there are several of them, their
// features stand side by side, in the order of the lines:
//
//     hog cell=4
//     hog cell=7
//     pca 300

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "classical/features.hpp"
#include "imaging/images.hpp"

namespace thimble::classical {

/// Numbers that a step learned, for the model file.
struct LearnedArray {
  std::string name;  ///< "features.1.mean": the line's position from 0 and what it is
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

/// Lines, read (classical/feature_step.hpp).
class FeatureLine;
class PictureStep;
class FeatureStep;

/// Picture steps that somebody else brings along, such as the embeddings of a network. Gives null
/// for a line that it does not know, and throws UsageError for one that is wrong.
using MakePictureStep = std::function<std::unique_ptr<PictureStep>(FeatureLine&)>;

/// Feature steps, one after another. Without any, features are the pixels, 0 to 255.
///
/// Thread safety: const functions may be called from several threads at once.
class FeaturePipeline {
 public:
  /// @param make_more    asked about lines that are none of the above; may be empty
  /// @throws UsageError  naming the line and what is wrong with it; suggests the nearest known step
  explicit FeaturePipeline(const std::vector<std::string>& lines,
                           const MakePictureStep& make_more = {});
  ~FeaturePipeline();
  FeaturePipeline(FeaturePipeline&&) noexcept;
  FeaturePipeline& operator=(FeaturePipeline&&) noexcept;

  /// Learns what the steps need (means, directions) and returns the training pictures' features.
  /// @param pictures     must outlive the result
  /// @throws DataError   if there are no pictures
  /// @throws UsageError  if a step does not suit the pictures (a HOG cell larger than they are)
  /// @throws Cancelled   if `progress` asked to stop
  Features fit_transform(const Images& pictures, Progress& progress);

  /// @param pictures     must outlive the result
  /// @throws ShapeError  if they are not of the shape given to fit_transform or restore
  Features transform(const Images& pictures) const;

  /// The lines with every option spelled out.
  std::vector<std::string> lines() const;

  std::vector<LearnedArray> learned() const;
  /// Takes the place of fit_transform in a loaded model: transform() then gives the same bits.
  /// @throws DataError  if an array is missing, of the wrong shape or not finite, or a step does
  ///                    not suit the shape; says which
  void restore(const PictureShape& shape, const std::vector<LearnedArray>& learned);

  /// Features of one sample, once fitted or restored.
  std::size_t dims() const;

 private:
  std::size_t picture_dims(const PictureShape& shape) const;
  Features extract(const Images& pictures, Progress& progress) const;

  std::vector<std::unique_ptr<PictureStep>> picture_steps_;
  std::vector<std::unique_ptr<FeatureStep>> steps_;
  PictureShape shape_;
  std::size_t dims_ = 0;
};

}  // namespace thimble::classical
