#include "tuning/study.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include <fmt/format.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/json_difference.hpp"
#include "base/json_number.hpp"
#include "models/recipe_toml.hpp"

namespace thimble::tuning {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr int kFormat = 1;
constexpr std::uint64_t kLargestFile = 10'000'000;  // bytes

json read_json(const fs::path& path) {
  return json::parse(read_file(path, kLargestFile), nullptr, /*allow_exceptions=*/false);
}

/// Reads a document with `read`, and says where and what it is if that fails.
template <class Read>
auto reading(const std::string& place, const char* what, const Read& read) {
  try {
    return read();
  } catch (const json::exception& error) {
    throw DataError(fmt::format("{}: not {}: {}", place, what, error.what()));
  }
}

const char* name_of(Trial::State state) {
  return state == Trial::State::finished  ? "finished"
         : state == Trial::State::stopped ? "stopped"
                                          : "failed";
}

Trial::State state_from(const std::string& name, const std::string& place) {
  for (const auto state : {Trial::State::finished, Trial::State::stopped, Trial::State::failed}) {
    if (name == name_of(state)) return state;
  }
  throw DataError(fmt::format("{}: state '{}', expected finished, stopped or failed", place, name));
}

double finite_number(const json& document, const char* key, const std::string& place) {
  const double number = document.at(key).get<double>();
  if (std::isfinite(number)) return number;
  throw DataError(fmt::format("{}: {} is not a finite number", place, key));
}

json optional_number(const std::optional<double>& number) {
  return number ? json(*number) : json();
}

std::optional<double> read_optional(const json& document, const char* key) {
  const json& number = document.at(key);
  return number.is_null() ? std::nullopt : std::optional(number.get<double>());
}

/// The plan as two of them are compared: with the space as a tree, and without what may change.
json comparable(const StudyPlan& plan) {
  json tree = json::parse(to_json(plan).dump());
  tree["space"] = parse_toml(plan.space_toml, "space");
  tree["recipe"].erase("description");
  for (const char* key : {"budget", "jobs", "data", "data_dir", "command", "program_version"}) {
    tree.erase(key);
  }
  return tree;
}

/// The numbers of the folders in trials/, ascending.
std::vector<int> trial_numbers(const StudyPaths& paths) {
  std::vector<int> numbers;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(paths.trials(), error)) {
    const std::string name = entry.path().filename().string();
    int number = 0;
    const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (problem != std::errc() || number < 0 || entry.path() != paths.trial(number)) continue;
    numbers.push_back(number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

bool better(const Trial& a, const Trial& b) {
  return a.value != b.value ? a.value > b.value : a.loss < b.loss;
}

void require_number(int found, int expected, const std::string& place) {
  if (found == expected) return;
  throw DataError(fmt::format("{}: it is of trial {}, expected {}", place, found, expected));
}

}  // namespace

json to_json(const StudyPlan& plan) {
  return {{"format", kFormat},
          {"recipe",
           {{"name", plan.recipe.name},
            {"family", plan.recipe.family},
            {"description", plan.recipe.description},
            {"settings", plan.recipe.settings}}},
          {"space", plan.space_toml},
          {"data", plan.data},
          {"data_dir", plan.data_dir},
          {"data_fingerprint", plan.data_fingerprint},
          {"sampler", plan.sampler},
          {"stopping", plan.stopping},
          {"metric", plan.metric},
          {"validation_fraction", plan.validation_fraction},
          {"seed", plan.seed},
          {"baseline", plan.baseline},
          {"budget", plan.budget},
          {"jobs", plan.jobs},
          {"command", plan.command},
          {"program_version", plan.program_version}};
}

StudyPlan study_plan_from_json(const json& document, const std::string& place) {
  return reading(place, "the plan of a study", [&] {
    if (document.at("format") != kFormat) {
      throw DataError(fmt::format("{}: a study of format {}; this program knows {}", place,
                                  document.at("format").dump(), kFormat));
    }
    StudyPlan plan;
    const json& recipe = document.at("recipe");
    recipe.at("name").get_to(plan.recipe.name);
    recipe.at("family").get_to(plan.recipe.family);
    recipe.at("description").get_to(plan.recipe.description);
    plan.recipe.settings = recipe.at("settings");
    document.at("space").get_to(plan.space_toml);
    document.at("data").get_to(plan.data);
    document.at("data_dir").get_to(plan.data_dir);
    document.at("data_fingerprint").get_to(plan.data_fingerprint);
    document.at("sampler").get_to(plan.sampler);
    document.at("stopping").get_to(plan.stopping);
    document.at("metric").get_to(plan.metric);
    plan.validation_fraction = finite_number(document, "validation_fraction", place);
    plan.seed = whole_number<std::uint64_t>(document, "seed", place);
    document.at("baseline").get_to(plan.baseline);
    document.at("budget").get_to(plan.budget);
    plan.jobs = whole_number<int>(document, "jobs", place);
    document.at("command").get_to(plan.command);
    document.at("program_version").get_to(plan.program_version);
    return plan;
  });
}

std::string first_difference(const StudyPlan& before, const StudyPlan& now) {
  if (before.data_fingerprint != now.data_fingerprint) {
    return fmt::format("the training pictures of {} are not those of {} then", now.data,
                       before.data);
  }
  return thimble::first_difference(comparable(before), comparable(now));
}

json to_json(const BegunTrial& trial) {
  return {{"number", trial.number}, {"settings", trial.settings}, {"started_s", trial.started_s}};
}

BegunTrial begun_trial_from_json(const json& document, const std::string& place) {
  return reading(place, "the beginning of a trial", [&] {
    BegunTrial trial;
    trial.number = whole_number<int>(document, "number", place);
    document.at("settings").get_to(trial.settings);
    trial.started_s = finite_number(document, "started_s", place);
    return trial;
  });
}

json to_json(const Trial& trial) {
  return {{"number", trial.number},  {"settings", trial.settings}, {"state", name_of(trial.state)},
          {"reason", trial.reason},  {"curve", trial.curve},       {"value", trial.value},
          {"loss", trial.loss},      {"seconds", trial.seconds},   {"started_s", trial.started_s},
          {"details", trial.details}};
}

Trial trial_from_json(const json& document, const std::string& place) {
  return reading(place, "the result of a trial", [&] {
    Trial trial;
    trial.number = whole_number<int>(document, "number", place);
    document.at("settings").get_to(trial.settings);
    trial.state = state_from(document.at("state").get<std::string>(), place);
    document.at("reason").get_to(trial.reason);
    document.at("curve").get_to(trial.curve);
    trial.value = finite_number(document, "value", place);
    trial.loss = finite_number(document, "loss", place);
    trial.seconds = finite_number(document, "seconds", place);
    trial.started_s = finite_number(document, "started_s", place);
    trial.details = document.at("details");
    if (trial.curve.empty() && trial.state != Trial::State::failed) {
      throw DataError(place + ": the curve is empty, and it did not fail");
    }
    return trial;
  });
}

json to_json(const Refit& refit) {
  return {{"trial", refit.trial},
          {"model", refit.model},
          {"pictures", refit.pictures},
          {"seconds", refit.seconds},
          {"test_accuracy", optional_number(refit.test_accuracy)},
          {"test_accuracy_low", optional_number(refit.test_accuracy_low)},
          {"test_accuracy_high", optional_number(refit.test_accuracy_high)}};
}

Refit refit_from_json(const json& document, const std::string& place) {
  return reading(place, "the result of a refit", [&] {
    Refit refit;
    refit.trial = whole_number<int>(document, "trial", place);
    document.at("model").get_to(refit.model);
    refit.pictures = whole_number<std::size_t>(document, "pictures", place);
    refit.seconds = finite_number(document, "seconds", place);
    refit.test_accuracy = read_optional(document, "test_accuracy");
    refit.test_accuracy_low = read_optional(document, "test_accuracy_low");
    refit.test_accuracy_high = read_optional(document, "test_accuracy_high");
    return refit;
  });
}

std::optional<std::size_t> best_trial(const Study& study) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < study.trials.size(); ++i) {
    if (study.trials[i].state != Trial::State::finished) continue;
    if (!best || better(study.trials[i], study.trials[*best])) best = i;
  }
  return best;
}

const Trial* winner(const Study& study) {
  const std::optional<std::size_t> best = best_trial(study);
  const Trial* found = best ? &study.trials[*best] : nullptr;
  const bool baseline_counts = study.baseline && study.baseline->state == Trial::State::finished;
  if (!baseline_counts || (found != nullptr && better(*found, *study.baseline))) return found;
  return &*study.baseline;
}

Recipe recipe_of(const StudyPlan& plan, const Trial& trial) {
  return trial.number == 0 ? plan.recipe : with_settings(plan.recipe, trial.settings);
}

fs::path StudyPaths::trial(int number) const { return trials() / fmt::format("{:04}", number); }

bool holds_study(const fs::path& folder) {
  std::error_code error;
  return fs::exists(StudyPaths(folder).plan(), error);
}

Study load_study(const fs::path& folder) {
  const StudyPaths paths(folder);
  if (!holds_study(folder)) {
    throw UsageError(fmt::format("{}: holds no study: it has no study.json", folder.string()));
  }
  Study study;
  study.plan = study_plan_from_json(read_json(paths.plan()), paths.plan().string());
  std::error_code error;
  for (const int number : trial_numbers(paths)) {
    const fs::path path = paths.ended(number);
    if (!fs::exists(path, error)) continue;
    Trial trial = trial_from_json(read_json(path), path.string());
    require_number(trial.number, number, path.string());
    if (number == 0) {
      study.baseline = std::move(trial);
    } else {
      study.trials.push_back(std::move(trial));
    }
  }
  if (fs::exists(paths.refit(), error)) {
    study.refit = refit_from_json(read_json(paths.refit()), paths.refit().string());
  }
  return study;
}

std::vector<BegunTrial> unfinished_trials(const fs::path& folder) {
  const StudyPaths paths(folder);
  std::vector<BegunTrial> trials;
  std::error_code error;
  for (const int number : trial_numbers(paths)) {
    const fs::path path = paths.begun(number);
    if (fs::exists(paths.ended(number), error) || !fs::exists(path, error)) continue;
    trials.push_back(begun_trial_from_json(read_json(path), path.string()));
    require_number(trials.back().number, number, path.string());
  }
  return trials;
}

}  // namespace thimble::tuning
