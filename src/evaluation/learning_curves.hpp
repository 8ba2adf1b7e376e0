// How a training went, epoch by epoch.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace thimble {

/// One value an epoch in each list. The training's loss and accuracy are running means over the
/// epoch's batches, of pictures as they were varied, with dropout: they may well be worse than
/// those of the validation samples, which are measured after the epoch.
struct LearningCurves {
  std::vector<double> epoch;  ///< from 1
  std::vector<double> loss;
  std::vector<double> accuracy;
  std::vector<double> learning_rate;        ///< of the epoch's last step
  std::vector<double> seconds;              ///< that the epoch took
  std::vector<double> validation_loss;      ///< empty without validation samples
  std::vector<double> validation_accuracy;  ///< likewise

  std::size_t epochs() const { return epoch.size(); }
  bool has_validation() const { return !validation_loss.empty(); }
};

/// From the lines of a history (models/run_folder.hpp, docs/file-formats.md).
/// @param place       names the file in messages
/// @throws DataError  if a line lacks one of the values, or it is not a number; names the line.
/// What
///                    a training that diverged left as null is not a number (NaN)
LearningCurves learning_curves(std::span<const nlohmann::json> history, const std::string& place);

/// Index of the epoch with the smallest validation loss; of equal ones the first. None without
/// validation samples, or if no loss is a number.
std::optional<std::size_t> best_epoch(const LearningCurves& curves);

nlohmann::json to_json(const LearningCurves& curves);

}  // namespace thimble
