// What a trained model should know before it answers strangers: how its training pictures are laid
// out, how far its probabilities can be trusted, and which pictures are none of its business.

#pragma once

#include <string>
#include <vector>

#include "base/progress.hpp"
#include "evaluation/training_run.hpp"
#include "models/classifier.hpp"

namespace thimble {

/// Share of the right answers on validation that may be called unsure, and the highest confidence
/// that ever is: a model may be right nearly always.
inline constexpr double kRightButUnsure = 0.025;
inline constexpr double kHighestUnsure = 0.75;

/// Fits style, temperature, unsure_below and the novelty detector, and puts them into the model's
/// description; what they changed on validation goes into "calibration" of its
/// metrics.validation.
///
/// Without validation samples the temperature stays 1, and a tenth of the training samples, which
/// the detector then does not learn from, sets its threshold. Deterministic, whatever the number of
/// threads.
/// @param validation  the model's probabilities for samples.validation; empty if there are none
/// @return            what could not be fitted, and why; sentences
/// @throws Cancelled  if `progress` asked to stop
std::vector<std::string> fit_certainty(Classifier& classifier, const TrainingSamples& samples,
                                       const Probabilities& validation, Progress* progress);

/// The part of fit_certainty() that is about probabilities: temperature and unsure_below, and what
/// they changed. Too few samples, or mistakes, to fit them by leave both as they are.
/// @param probabilities  the model's, for `data`, which it did not learn from
/// @return               why they were not fitted; empty if they were
std::vector<std::string> fit_confidence(ModelDescription& model, const Dataset& data,
                                        const Probabilities& probabilities);

/// One or two lines about what was fitted, for people.
std::string certainty_text(const ModelDescription& model);

}  // namespace thimble
