// What probabilities say beyond which class is the likeliest: how well they rank, how honest they
// are, and what it brings to hand the unsure answers over.

#pragma once

#include <optional>
#include <span>

#include <nlohmann/json.hpp>

#include "evaluation/calibration.hpp"
#include "evaluation/coverage.hpp"
#include "evaluation/curves.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/learning_curves.hpp"
#include "evaluation/model_cost.hpp"

namespace thimble {

/// What dividing the logits by a temperature would do to the probabilities.
struct TemperatureScaling {
  double temperature = 1;
  std::uint64_t validation_samples = 0;  ///< that it was fitted on
  double loss = 0;                       ///< of the judged samples, with the temperature
  double brier_score = 0;
  Reliability reliability;
};

struct Analysis {
  Curves curves;
  Reliability reliability;             ///< bins of equal width
  Reliability reliability_equal_mass;  ///< bins of equally many samples
  double brier_score = 0;
  CoverageCurve coverage;
  /// Filled in by the caller, where there is something to say.
  std::optional<TemperatureScaling> temperature = {};
  std::optional<LearningCurves> learning_curves = {};
  std::optional<ModelCost> cost = {};
};

/// @throws ShapeError, UsageError  if sizes do not agree or there are no samples
Analysis analyse(const Probabilities& probabilities, std::span<const std::int32_t> labels);

/// What scaling with `temperature`, fitted on `validation_samples`, does to `probabilities`.
TemperatureScaling judge_temperature(const Probabilities& probabilities,
                                     std::span<const std::int32_t> labels, double temperature,
                                     std::uint64_t validation_samples);

/// Adds the figures to the JSON of the evaluation of the same samples (docs/file-formats.md).
/// @param points  also the points of the curves
void add_json(const Analysis& analysis, bool points, nlohmann::json& evaluation);

}  // namespace thimble
