// thimble predict: the work behind the arguments.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "cli/prediction_writer.hpp"
#include "models/classifier.hpp"

namespace thimble::cli {

struct PredictOptions {
  std::vector<std::filesystem::path> inputs = {};
  PredictionFormat format = {};
  bool flip_tta = false;
  std::size_t chunk_size = 1024;  ///< pictures in memory at a time
};

/// What a prediction run did.
struct PredictReport {
  std::uint64_t pictures = 0;
  std::uint64_t to_review = 0;
  std::uint64_t failures = 0;
};

/// Takes the model off the front of the arguments of `thimble predict [MODEL] INPUT…`, if the first
/// is one (a model file, a run's folder, the name of a shipped model); else the model that ships.
/// @throws UsageError  if no input is left, or the model file is not there
std::filesystem::path take_model(std::vector<std::filesystem::path>& arguments);

/// Classifies what the inputs hold: rows to `out` as they come, failures and notes to `notes`, or
/// where there is a `progress` through that.
/// @throws FileError  if `out` cannot be written
PredictReport predict_inputs(const Classifier& model, const PredictOptions& options,
                             std::ostream& out, std::ostream& notes, Progress* progress = nullptr);

}  // namespace thimble::cli
