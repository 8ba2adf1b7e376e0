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
#include "models/classifier.hpp"

namespace thimble::cli {

struct EvaluateOptions {
  std::string model;
  DataOptions data;                  ///< an empty source: what the model was trained on
  std::optional<JudgedSplit> split;  ///< nothing: test, or everything where there is no test split
  std::filesystem::path json;        ///< empty: none
  std::filesystem::path sheet;       ///< empty: none
  bool flip_tta = false;
};

/// The source to judge a model on where none was named: the data set it was trained on if that is
/// known by name, else fashion-mnist.
std::string default_source(const ModelDescription& model);

/// Judges `model` on `splits`: figures to `out`, what to know about them to `notes`, and the files
/// that the options name.
Evaluation evaluate_classifier(const Classifier& model, DatasetSplits splits,
                               const EvaluateOptions& options, std::ostream& out,
                               std::ostream& notes, Progress* progress = nullptr);

}  // namespace thimble::cli
