// A model's way from its recipe to its figures on the test set, step by step, with the run's folder
// that it leaves behind (models/run_folder.hpp).

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/progress.hpp"
#include "data/splits.hpp"
#include "evaluation/evaluation.hpp"
#include "models/classifier.hpp"

namespace thimble {

/// The samples to learn from and to choose by, and those that stay apart to the end.
struct TrainingSamples {
  Dataset train;
  Dataset validation;  ///< empty where the recipe keeps none aside
  std::optional<Dataset> test;
};

/// The recipe's [training] table with all defaults; empty for families that have none.
nlohmann::json training_settings(const ModelDescription& model);

/// "training.seed" of the recipe, or 1.
std::uint64_t training_seed(const ModelDescription& model);

/// Keeps aside the share of the training split that the model's recipe asks for.
TrainingSamples samples_for(const ModelDescription& model, DatasetSplits splits);

/// Trains, with the run in `folder`.
/// @param epoch_done  as FitOptions::epoch_done; none: to the end
/// @throws DataError, UsageError, FileError, Cancelled  as Classifier::fit() and RunFolder::open()
FitReport fit_run(Classifier& classifier, const TrainingSamples& samples,
                  const std::filesystem::path& folder, bool resume, Progress* progress,
                  const std::function<bool(const EpochFigures&)>& epoch_done = nullptr);

struct JudgedValidation {
  Evaluation evaluation;
  Probabilities probabilities;  ///< float32 [validation samples, classes]
};

/// Judges the trained model on the validation samples, for the record: the figures go into its
/// description. Nothing where there are none.
std::optional<JudgedValidation> judge_validation(Classifier& classifier,
                                                 const TrainingSamples& samples,
                                                 Progress* progress);

struct JudgedTest {
  Evaluation evaluation;
  Probabilities probabilities;     ///< float32 [test samples, classes]
  std::vector<std::string> notes;  ///< what the reader of the figures should know, sentences
};

/// Judges the trained model on the test samples, the one time that they are looked at. The figures
/// go into its description and into the run's evaluation.json; `samples` gives up its test set.
/// @throws UsageError  if there is no test set
JudgedTest judge_test(Classifier& classifier, TrainingSamples& samples,
                      const std::filesystem::path& folder, Progress* progress);

}  // namespace thimble
