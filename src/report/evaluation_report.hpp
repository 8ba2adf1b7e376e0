// The report of `thimble evaluate`: how good a model is, where it errs, and what it costs.

#pragma once

#include <string>

#include "evaluation/analysis.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/judged_data.hpp"
#include "models/classifier.hpp"
#include "report/document.hpp"

namespace thimble::report {

/// A model and what was found out about it. All are of the same samples, and must live as long as
/// evaluation_report() runs.
struct JudgedModel {
  const ModelDescription& model;
  const JudgedData& judged;
  const Probabilities& probabilities;
  const Evaluation& evaluation;
  const Analysis& analysis;
  /// Why there are no learning curves, a sentence; not used where there are some.
  std::string no_learning_curves = {};
  /// What the user typed, for the report's notes; may be empty.
  std::string command = {};
};

/// Sections: summary, learning curves, confusion matrix, most confused pairs, classes, pictures,
/// calibration, ranking, coverage, and the cost where it was measured.
Report evaluation_report(const JudgedModel& judged);

}  // namespace thimble::report
