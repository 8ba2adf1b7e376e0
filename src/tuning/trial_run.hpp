// One training of a study, in its run folder.

#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "evaluation/training_run.hpp"
#include "models/recipe.hpp"
#include "tuning/study.hpp"

namespace thimble::tuning {

/// What a trial is.
struct TrialTask {
  BegunTrial begun;
  Recipe recipe;  ///< with the trial's settings
  std::filesystem::path folder;
  std::string metric;  ///< as StudyPlan::metric
};

/// Larger is better.
double metric_value(const std::string& metric, double accuracy, double loss);

/// Trains on samples.train, from the folder's checkpoint where there is one, and judges on
/// samples.validation. What goes wrong with the training (settings that are refused, a loss that is
/// no longer a number, no memory) makes a failed trial. Of a finished one the model is in the
/// folder afterwards. Writes no trial.json.
///
/// @param go_on  given the curve after each epoch; false stops the trial
/// @throws Cancelled  if `progress` asked to stop; the folder keeps what it has
/// @throws FileError  if the folder cannot be written: that concerns all trials
Trial run_trial(const TrialTask& task, const TrainingSamples& samples,
                const std::function<bool(const std::vector<double>& curve)>& go_on,
                Progress& progress);

/// The curve that an interrupted trial has behind it.
std::vector<double> kept_curve(const TrialTask& task);

/// An interrupted trial that is not gone on with, stopped with its last whole epoch; nothing if it
/// has none.
std::optional<Trial> stopped_trial(const TrialTask& task, const std::string& reason);

/// One that came to nothing.
Trial failed_trial(const TrialTask& task, const std::string& reason, double seconds);

/// Writes trial.json and removes what an ended trial needs no longer; its model stays.
void save_trial(const std::filesystem::path& folder, const Trial& trial);

}  // namespace thimble::tuning
