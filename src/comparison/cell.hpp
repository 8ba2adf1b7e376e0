// One model on one data set: what was measured, and the folder that keeps it.
//
//     run/                      the training's run folder (models/run_folder.hpp); not of a model
//                               that was taken as it is
//     predictions.safetensors   float32 "probabilities" [test samples, classes]
//     result.json               what was measured; written last, so that its presence means done

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "comparison/measure.hpp"
#include "data/splits.hpp"
#include "models/classifier.hpp"

namespace thimble {

/// What training took; of models trained in the comparison.
struct TrainingCost {
  double seconds = 0;
  std::string stopped_because;
  bool resumed = false;  ///< it was interrupted; `seconds` adds up the epochs of all parts
  std::optional<std::uint64_t> peak_memory_bytes;  ///< of its last part
  std::uint64_t samples = 0;
  std::uint64_t validation_samples = 0;
  std::uint64_t seed = 1;
};

struct CellResult {
  std::string model;   ///< name within the plan
  std::string family;  ///< "neural", "forest", ...
  std::optional<TrainingCost> training;
  PredictionSpeed prediction;
  std::uint64_t model_bytes = 0;
  int threads = 0;
  double seconds = 0;             ///< of all that the cell took, loading the data apart
  std::string train_fingerprint;  ///< of the training set before a validation split was taken
  std::string test_fingerprint;
  std::string program_version;
  std::vector<std::string> notes;  ///< what the reader of the figures should know
};

struct CellPaths {
  explicit CellPaths(std::filesystem::path cell_folder) : folder(std::move(cell_folder)) {}

  std::filesystem::path folder;
  std::filesystem::path run() const { return folder / "run"; }
  std::filesystem::path predictions() const { return folder / "predictions.safetensors"; }
  std::filesystem::path result() const { return folder / "result.json"; }
};

nlohmann::json to_json(const CellResult& result);
/// @throws DataError  if a key is missing or of another kind; `place` starts the message
CellResult cell_result_from_json(const nlohmann::json& json, const std::string& place);

struct FinishedCell {
  CellResult result;
  Probabilities probabilities;  ///< columns in the order of the data set's classes
};

/// Writes both files, result.json last, each atomically.
/// @throws FileError  if one cannot be written
void save_cell(const CellPaths& paths, const FinishedCell& cell);

/// The cell in a folder; nothing if it is not finished.
/// @param data  what it must have been trained on and judged by; has a test set
/// @throws FileError, DataError  if a file cannot be read or is not what it should be
/// @throws UsageError            if it belongs to other samples
std::optional<FinishedCell> load_cell(const CellPaths& paths, const DatasetSplits& data);

}  // namespace thimble
