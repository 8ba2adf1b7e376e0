// A search for better settings of a recipe, on disk, so that it can be taken up again.
//
//     study.json                 what is searched: recipe, space, data, method, seed (StudyPlan)
//     clock.json                 seconds that the search took so far
//     trials/0001/               a run folder (models/run_folder.hpp); 0000 is the baseline
//     trials/0001/begun.json     the settings, written first (BegunTrial)
//     trials/0001/trial.json     what came out, written last (Trial)
//     winner.toml                the best trial's recipe, every setting spelled out
//     winner/                    the run of the winner, trained on all training data and tested
//     winner/refit.json          what came out of it, written last (Refit)
//     report.html                written by whoever shows it
//
// What a trial needs no longer when it has ended is removed: its checkpoint and its weights. The
// model of the best finished trial stays.

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
  std::uint64_t seed = 1;           ///< of what is tried; the trainings have their recipe's
  std::string program_version;
  bool baseline = true;  ///< train the recipe as it is as well

  // What may be another when the study is taken up again.
  std::string budget = "30m";  ///< budget.hpp
  int jobs = 0;                ///< trials side by side; 0: as suits the machine
  std::string data_dir;        ///< SourceOptions::data_dir
  std::string command;         ///< what makes the figures again, for the record
};

nlohmann::json to_json(const StudyPlan& plan);
/// @throws DataError  if a key is missing or of another kind; `place` starts the message
StudyPlan study_plan_from_json(const nlohmann::json& json, const std::string& place);

/// The first thing in which two plans are not the same study, in words; "" if they are.
std::string first_difference(const StudyPlan& before, const StudyPlan& now);

/// What is known of a trial from its beginning.
struct BegunTrial {
  int number = 0;
  Assignment settings;
  double started_s = 0;
};

nlohmann::json to_json(const BegunTrial& trial);
BegunTrial begun_trial_from_json(const nlohmann::json& json, const std::string& place);

struct Trial {
  enum class State { finished, stopped, failed };
  int number = 0;  ///< from 1, as its folder; the baseline's is 0
  Assignment settings;
  State state = State::finished;
  std::string reason;         ///< why it ended: "all 8 epochs done"; a failed one's error
  std::vector<double> curve;  ///< validation metric after each epoch, larger is better; one value
                              ///< for models that learn in one go; empty if it failed
  double value = 0;  ///< of the metric at its end: of a finished trial's model, else the curve's
                     ///< last; 0 if it failed
  double loss = 0;   ///< on validation, at its end
  double seconds = 0;
  double started_s = 0;    ///< since the study began, pauses between its parts not counted
  nlohmann::json details;  ///< FitReport::details; null if it failed
};

nlohmann::json to_json(const Trial& trial);
Trial trial_from_json(const nlohmann::json& json, const std::string& place);

/// The winner's figures after the refit.
struct Refit {
  int trial = 0;      ///< whose settings they are; 0: the baseline's, which no trial beat
  std::string model;  ///< file, relative to the study's folder
  std::size_t pictures = 0;
  double seconds = 0;
  std::optional<double> test_accuracy;
  std::optional<double> test_accuracy_low;  ///< 95 % interval
  std::optional<double> test_accuracy_high;
};

nlohmann::json to_json(const Refit& refit);
Refit refit_from_json(const nlohmann::json& json, const std::string& place);

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

/// The better of best_trial() and a finished baseline, by the same rule; of equals the baseline.
const Trial* winner(const Study& study);

/// The plan's recipe with a trial's settings; not spelled out.
Recipe recipe_of(const StudyPlan& plan, const Trial& trial);

/// The files of a study.
struct StudyPaths {
  explicit StudyPaths(std::filesystem::path study_folder) : folder(std::move(study_folder)) {}

  std::filesystem::path folder;
  std::filesystem::path plan() const { return folder / "study.json"; }
  std::filesystem::path clock() const { return folder / "clock.json"; }
  std::filesystem::path trials() const { return folder / "trials"; }
  std::filesystem::path trial(int number) const;
  std::filesystem::path begun(int number) const { return trial(number) / "begun.json"; }
  std::filesystem::path ended(int number) const { return trial(number) / "trial.json"; }
  std::filesystem::path winner_recipe() const { return folder / "winner.toml"; }
  std::filesystem::path winner() const { return folder / "winner"; }
  std::filesystem::path refit() const { return winner() / "refit.json"; }
  std::filesystem::path report() const { return folder / "report.html"; }
};

/// Whether the folder holds a study.
bool holds_study(const std::filesystem::path& folder);

/// Reads a study's folder.
/// @throws UsageError  if it holds none
/// @throws FileError, DataError  if a file cannot be read or is not what it should be
Study load_study(const std::filesystem::path& folder);

/// The trials that began and did not end, by number.
/// @throws FileError, DataError  as load_study()
std::vector<BegunTrial> unfinished_trials(const std::filesystem::path& folder);

}  // namespace thimble::tuning
