// What the baselines that look at samples once share: sums over the samples of each class, and
// probabilities from scores.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/progress.hpp"
#include "classical/features.hpp"

namespace thimble::classical {

/// How many samples each class has, int64 [classes].
std::vector<std::int64_t> class_counts(const Samples& samples);

/// Adds what sample `index` with the features `x`, float [d], contributes to its class: double [d].
using AddSample = std::function<void(std::size_t index, const float* x, double* class_sums)>;

/// Sums over the samples of each class, double [classes, d]; the same for any number of threads.
/// @param progress  told of samples done
/// @throws Cancelled  if `progress` asked to stop
std::vector<double> class_sums(const Samples& samples, const AddSample& add, Progress& progress);

/// Means of each class, double [classes, d]; 0 for a class without samples.
std::vector<double> class_means(const Samples& samples, Progress& progress);

/// Sums of squared differences to the means of each sample's class, double [classes, d].
std::vector<double> class_squares(const Samples& samples, std::span<const double> means,
                                  Progress& progress);

/// Less than any variance of features that vary, and large enough to divide by: what a feature
/// without variance has.
inline constexpr double kSmallestVariance = 1e-200;

/// Scores of one sample, float64 [classes]: -infinity for a class that cannot be.
using ScoreSample = std::function<void(const float* x, std::span<double> scores)>;

/// Each sample's probabilities: the softmax of its scores. Where scores overflowed, all classes
/// that can be are equally probable.
/// @param out  float32 [n, classes]
void probabilities_of(const Features& features, std::size_t classes, const ScoreSample& score,
                      std::span<float> out);

}  // namespace thimble::classical
