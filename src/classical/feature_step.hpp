// What the lines of a feature pipeline become: picture steps, which make features of pictures, and
// feature steps, which make features of features.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "classical/feature_line.hpp"
#include "classical/feature_pipeline.hpp"
#include "classical/features.hpp"
#include "imaging/images.hpp"

namespace thimble::classical {

/// Makes features of one picture at a time; learns nothing.
class PictureStep {
 public:
  virtual ~PictureStep() = default;

  /// The line with every option spelled out.
  virtual std::string line() const = 0;
  /// Features of one picture.
  /// @throws UsageError  if the step does not suit such pictures; says why
  virtual std::size_t dims(const PictureShape& shape) const = 0;
  /// The features of the pictures [begin, end), on the calling thread.
  /// @param out     row i, dims() floats, begins at out + i * stride
  virtual void extract(const Images& pictures, std::size_t begin, std::size_t end, float* out,
                       std::size_t stride) const = 0;
};

/// Bounds of a picture step's weight.
inline constexpr double kLeastWeight = 1e-6;
inline constexpr double kMostWeight = 1e6;

/// What one step learned, read back out of a model file.
class LearnedArrays {
 public:
  /// @param prefix  what the names of the step's arrays begin with: "features.1."
  LearnedArrays(std::span<const LearnedArray> arrays, std::string prefix)
      : arrays_(arrays), prefix_(std::move(prefix)) {}

  /// @throws DataError  if it is missing, its values do not fit its shape, or one is not finite
  const LearnedArray& find(const std::string& name) const;
  /// The same, and throws DataError if its shape is another.
  const std::vector<float>& values(const std::string& name,
                                   const std::vector<std::int64_t>& shape) const;
  /// Throws DataError "features.1.mean: <problem>".
  [[noreturn]] void refuse(const std::string& name, const std::string& problem) const;

 private:
  std::span<const LearnedArray> arrays_;
  std::string prefix_;
};

/// Makes features of features; may learn from the training samples.
class FeatureStep {
 public:
  virtual ~FeatureStep() = default;

  /// The line with every option spelled out.
  virtual std::string line() const = 0;
  /// Learns what apply() needs.
  /// @param features     n > 0 samples
  /// @throws UsageError  if the step does not suit the features
  /// @throws Cancelled   if `progress` asked to stop
  virtual void fit(const Features& features, Progress& progress);
  /// Takes the features, to change them where they are.
  virtual Features apply(Features features) const = 0;
  /// Features after the step, once fitted or restored, where there are `dims` before it.
  virtual std::size_t dims_after(std::size_t dims) const { return dims; }

  /// Arrays named without the prefix.
  virtual std::vector<LearnedArray> learned() const { return {}; }
  /// @param dims        features before the step
  /// @throws DataError  if an array is missing or unusable
  virtual void restore(std::size_t dims, const LearnedArrays& arrays);
};

/// Samples that one thread works on at a time. Fixed, so that results do not depend on the number
/// of threads.
inline constexpr std::size_t kSampleBlock = 256;

/// The features as floats, without copying those that already are.
linalg::Matrix take_floats(Features features);

}  // namespace thimble::classical
