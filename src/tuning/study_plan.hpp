// From what somebody asks for to the plan of a study, and what it takes of the data.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/splits.hpp"
#include "evaluation/training_run.hpp"
#include "tuning/study.hpp"

namespace thimble::tuning {

/// Kept aside of the training split where the recipe keeps nothing aside.
inline constexpr double kValidationFraction = 0.1;

/// What whoever tunes asks for, in words; empty: as suits the recipe.
struct StudyRequest {
  std::string recipe = "cnn";         ///< name or file
  std::vector<std::string> settings;  ///< overrides of the recipe, "key=value"
  std::string space;                  ///< name or file; empty: the shipped one of the recipe's name
  std::optional<int> epochs;          ///< of a trial
  std::string sampler = "tpe";
  std::string stopping;  ///< empty: hyperband where the model learns in epochs
  std::string metric = "accuracy";
  std::uint64_t seed = 1;
  bool baseline = true;
  std::string budget = "30m";
  int jobs = 0;
  std::string data;
  std::string data_dir;
};

/// The plan, every setting of its recipe spelled out.
/// @param train  the whole training split
/// @throws UsageError  if recipe, space, method or metric is unknown or wrong, the space changes
///                     what all trials must have in common (epochs, validation_fraction), or one of
///                     its parameters is refused by the recipe whatever its value; names the key
/// @throws FileError, DataError  if recipe or space cannot be read
StudyPlan make_study_plan(const StudyRequest& request, const Dataset& train);

/// Epochs of a whole trial; nothing for models that learn in one go.
std::optional<int> epochs_of(const Recipe& recipe);

/// The pictures of every trial: the same as `thimble train` takes by the plan's recipe where that
/// keeps some aside. No test set.
/// @throws UsageError  if there are too few to keep any aside
TrainingSamples study_samples(const StudyPlan& plan, const Dataset& train);

/// The recipe's own values of the parameters, where the space has them all.
std::optional<Assignment> own_settings(const SearchSpace& space, const Recipe& recipe);

}  // namespace thimble::tuning
