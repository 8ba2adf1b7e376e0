// thimble evaluate: the work behind the arguments.

#pragma once

#include <filesystem>
#include <optional>
#include <ostream>
#include <string>

#include "base/progress.hpp"
#include "cli/data_options.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/judged_data.hpp"
#include "evaluation/learning_curves.hpp"
#include "evaluation/model_cost.hpp"
#include "models/classifier.hpp"

namespace thimble::cli {

/// What is known of a model beside the model itself.
struct ModelRecord {
  std::optional<LearningCurves> learning_curves;
  std::string no_learning_curves;  ///< why there are none, a sentence
  ModelCost cost;                  ///< but for the speed
};

struct EvaluateOptions {
  std::string model;
  DataOptions data;                  ///< an empty source: what the model was trained on
  std::optional<JudgedSplit> split;  ///< nothing: test, or everything where there is no test split
  std::filesystem::path json;        ///< empty: none
  std::filesystem::path sheet;       ///< empty: none
  std::filesystem::path report;      ///< empty: none
  std::filesystem::path figures;     ///< a folder; empty: none
  bool flip_tta = false;
  bool temperature_scaling = false;  ///< fitted on the training's validation split
};

/// The source to judge a model on where none was named: the data set it was trained on if that is
/// known by name, else fashion-mnist.
std::string default_source(const ModelDescription& model);

/// What a run's folder tells of its training; a model file tells nothing.
/// @param model     as the user names it
/// @param required  learning curves are wanted, so a run that should have them must
/// @throws FileError, DataError  if they are required and the folder of a neural run has no
/// history,
///                               or its history is damaged
ModelRecord read_record(const std::filesystem::path& model, const ModelDescription& description,
                        bool required);

/// Makes sure, before any long work, that what the options name can be written, and the scripts
/// that draw it are there.
/// @throws FileError  if not; names what is missing
void require_writable(const EvaluateOptions& options);

/// Judges `model` on `splits`: figures to `out`, what to know about them to `notes`, and the files
/// that the options name.
Evaluation evaluate_classifier(const Classifier& model, DatasetSplits splits,
                               const EvaluateOptions& options, std::ostream& out,
                               std::ostream& notes, Progress* progress = nullptr,
                               const ModelRecord& record = {});

}  // namespace thimble::cli
