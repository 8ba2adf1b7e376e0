// A search for better settings of a recipe, on disk, so that it can be taken up again.
//
//     study.json        what is searched: recipe, space, data, method, seed (StudyPlan)
//     trials/0001/      a run folder (models/run_folder.hpp), and, written last:
//     trials/0001/trial.json     what came out (Trial)
//     winner.toml       the best trial's recipe, every setting spelled out
//     winner/           the run of the winner, trained on all training data and tested once

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "models/recipe.hpp"
#include "tuning/search_space.hpp"

namespace thimble::tuning {

struct StudyPlan {
  Recipe recipe;           ///< what the trials start from, every setting spelled out
  std::string space_toml;  ///< SearchSpace::to_toml()
  std::string data;        ///< source as data/source.hpp takes it
  std::string data_fingerprint;
  std::string sampler = "tpe";         ///< sampler.hpp
  std::string stopping = "hyperband";  ///< stopping_rule.hpp; "none" for models without epochs
  std::string metric = "accuracy";  ///< on validation: "accuracy", or "loss" with its sign turned
  double validation_fraction = 0;   ///< of the training split; the same pictures in every trial
  std::uint64_t seed = 1;
  std::string program_version;
};

nlohmann::json to_json(const StudyPlan& plan);
StudyPlan study_plan_from_json(const nlohmann::json& json, const std::string& place);

struct Trial {
  enum class State { finished, stopped, failed };
  int number = 0;  ///< from 1, as its folder
  Assignment settings;
  State state = State::finished;
  std::string reason;         ///< why it ended: "all 8 epochs done"; a failed one's error
  std::vector<double> curve;  ///< validation metric after each epoch, larger is better; one value
                              ///< for models that learn in one go; empty if it failed
  double value = 0;  ///< of the metric at its end
  double loss = 0;   ///< on validation, at its end
  double seconds = 0;
  double started_s = 0;  ///< since the study began, pauses between its parts not counted
};

nlohmann::json to_json(const Trial& trial);
Trial trial_from_json(const nlohmann::json& json, const std::string& place);

/// The winner's figures after the refit.
struct Refit {
  std::string model;  ///< file, relative to the study's folder
  std::size_t pictures = 0;
  double seconds = 0;
  std::optional<double> test_accuracy;
  std::optional<double> test_accuracy_low;  ///< 95 % interval
  std::optional<double> test_accuracy_high;
};

/// A study as it stands.
struct Study {
  StudyPlan plan;
  std::vector<Trial> trials;      ///< that ended, by number
  std::optional<Trial> baseline;  ///< the recipe as it was before, trained as a trial; number 0
  std::optional<Refit> refit;
};

/// Index of the best finished trial; nothing if none finished. Ties: the smaller loss, then the
/// earlier.
std::optional<std::size_t> best_trial(const Study& study);

/// Reads a study's folder.
/// @throws UsageError  if it holds none
/// @throws FileError, DataError  if a file cannot be read or is not what it should be
Study load_study(const std::filesystem::path& folder);

}  // namespace thimble::tuning
