// How good a model is, from what its own file says: no pictures and no predictions are needed.

#pragma once

#include <string>

#include "models/classifier.hpp"
#include "report/document.hpp"

namespace thimble::report {

/// The figures that were measured when the model was made, as evaluation_report() shows them:
/// summary, and where the file has the counts of its test (metrics.test.confusion) the confusion
/// matrix, the most confused pairs and the classes; then calibration and what the model is not for.
/// What an older file lacks is said, and how to get it.
///
/// @param version  of the file, for the notes; may be empty
Report model_report(const ModelDescription& model, const std::string& version);

}  // namespace thimble::report
