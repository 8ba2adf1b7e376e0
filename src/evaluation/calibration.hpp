// Whether a model that says "90 %" is right nine times out of ten.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <nlohmann/json.hpp>

#include "evaluation/interval.hpp"
#include "models/classifier.hpp"

namespace thimble {

/// How the samples are put into bins by the probability of the predicted class, the confidence.
enum class Binning {
  equal_width,  ///< edges 0, 1/n, 2/n, ..., 1
  equal_mass,   ///< edges at the quantiles: as many samples in each, but for ties
};

/// Samples with low < confidence <= high (the first bin: low <= confidence).
struct ReliabilityBin {
  double low = 0;
  double high = 0;
  std::uint64_t samples = 0;
  double confidence = 0;       ///< mean; 0 without samples
  double accuracy = 0;         ///< 0 without samples
  Interval accuracy_interval;  ///< Wilson, 95 %
};

struct Reliability {
  std::vector<ReliabilityBin> bins;  ///< also empty ones
  double mean_confidence = 0;        ///< above the accuracy: over-confident
  double expected_error = 0;         ///< mean of |accuracy - confidence|, weighted by the samples
  double maximum_error = 0;          ///< the largest of any bin
};

/// As many bins as in the paper.
inline constexpr std::size_t kReliabilityBins = 15;

/// The reliability diagram and its calibration errors (Guo, Pleiss, Sun, Weinberger: "On
/// calibration of modern neural networks", ICML 2017). The bins are those of scikit-learn's
/// calibration_curve over confidence and rightness, strategies "uniform" and "quantile".
/// @throws ShapeError  if there are not as many labels as rows of probabilities
/// @throws UsageError  if there are no samples, or `bins` is 0
Reliability reliability(const Probabilities& probabilities, std::span<const std::int32_t> labels,
                        Binning binning = Binning::equal_width,
                        std::size_t bins = kReliabilityBins);

/// Mean squared distance between the probabilities and the truth (1 for the label, 0 for all other
/// classes), summed over the classes: 0 to 2 (Brier, 1950). With two classes twice scikit-learn's
/// brier_score_loss.
/// @throws ShapeError, UsageError  as reliability()
double brier_score(const Probabilities& probabilities, std::span<const std::int32_t> labels);

/// Probabilities as a model would give them had its logits been divided by a temperature:
/// proportional to p^(1/T). Above 1 they become less certain; which class is the likeliest stays.
/// Zeros count as float32's epsilon.
Probabilities with_temperature(const Probabilities& probabilities, double temperature);

/// The temperature of the smallest mean cross-entropy, within [0.05, 20] (Guo et al. 2017).
///
/// The cross-entropy is convex in 1/T, so its slope is bisected, which cannot fail.
/// @param probabilities  of samples that trained nothing, and are not those to be judged by
/// @throws ShapeError, UsageError  as reliability()
double fit_temperature(const Probabilities& probabilities, std::span<const std::int32_t> labels);

nlohmann::json to_json(const Reliability& reliability);

}  // namespace thimble
