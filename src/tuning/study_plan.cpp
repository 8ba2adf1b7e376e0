#include "tuning/study_plan.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/shipped.hpp"
#include "base/text.hpp"
#include "data/split.hpp"
#include "tuning/budget.hpp"
#include "tuning/sampler.hpp"
#include "tuning/stopping_rule.hpp"

namespace thimble::tuning {
namespace {

using nlohmann::json;

/// Settings drawn to find out whether the recipe takes them.
constexpr int kProbes = 64;

/// A recipe's value, "optimizer.learning_rate"; null if it is not there.
const json* find_setting(const json& settings, const std::string& key) {
  const json* place = &settings;
  for (const std::string& part : split(key, '.')) {
    if (!place->is_object() || !place->contains(part)) return nullptr;
    place = &place->at(part);
  }
  return place;
}

/// @param place  names the space in messages, as do the others
void refuse_common_settings(const SearchSpace& space, const std::string& place) {
  const std::map<std::string, const char*> common = {
      {"training.epochs", "the trials have it in common; set it with --epochs"},
      {"training.validation_fraction",
       "the trials are judged by the same pictures; set it with --set"}};
  for (const Parameter& parameter : space.parameters()) {
    const auto found = common.find(parameter.key);
    if (found == common.end()) continue;
    throw UsageError(fmt::format("{}: {}: {}", place, parameter.key, found->second));
  }
}

/// Makes sure that each parameter is taken by the recipe for some of its values.
void check_space(const SearchSpace& space, const Recipe& recipe, std::uint64_t seed,
                 const std::string& place) {
  std::map<std::string, std::string> refused;  // key to the first message
  std::map<std::string, bool> taken;
  Random random(hash_seed(seed, 0));
  for (int i = 0; i < kProbes; ++i) {
    const Assignment settings = space.sample(random);
    std::string problem;
    try {
      (void)make_classifier(with_settings(recipe, settings));
    } catch (const UsageError& error) {
      problem = error.what();
    }
    for (const auto& [key, value] : settings) {
      if (problem.empty()) {
        taken[key] = true;
      } else {
        refused.try_emplace(key, problem);
      }
    }
  }
  for (const Parameter& parameter : space.parameters()) {
    const auto found = refused.find(parameter.key);
    if (found == refused.end() || taken[parameter.key]) continue;
    throw UsageError(
        fmt::format("{}: no value of {} was taken. {}", place, parameter.key, found->second));
  }
}

bool in_range(const Parameter& parameter, const json& value) {
  if (parameter.kind == Parameter::Kind::choice) {
    return std::ranges::find(parameter.choices, value) != parameter.choices.end();
  }
  if (!value.is_number()) return false;
  const double number = value.get<double>();
  return number >= parameter.low && number <= parameter.high;
}

std::string chosen_stopping(const StudyRequest& request, const Recipe& recipe) {
  const std::optional<int> epochs = epochs_of(recipe);
  if (request.stopping.empty()) return epochs && *epochs > 1 ? "hyperband" : "none";
  HalvingOptions halving;
  halving.max_epochs = epochs.value_or(1);
  (void)make_stopping_rule(request.stopping, halving);
  if (!epochs && request.stopping != "none") {
    throw UsageError(
        fmt::format("stopping '{}': {} learns in one go, which cannot be stopped early",
                    request.stopping, recipe.name));
  }
  return request.stopping;
}

void check_metric(const std::string& metric) {
  const std::vector<std::string> metrics = {"accuracy", "loss"};
  if (std::ranges::find(metrics, metric) == metrics.end()) {
    throw UsageError(unknown_name("metric", metric, metrics));
  }
}

Recipe spelled_out(Recipe recipe) {
  recipe.settings = make_classifier(recipe)->description().recipe;
  return recipe;
}

Recipe chosen_recipe(const StudyRequest& request) {
  Recipe recipe = load_recipe(request.recipe);
  for (const std::string& setting : request.settings) override_setting(recipe, setting);
  recipe = spelled_out(std::move(recipe));
  if (request.epochs) {
    if (!epochs_of(recipe)) {
      throw UsageError(fmt::format("--epochs: {} has none; it learns in one go", recipe.name));
    }
    recipe.settings["training"]["epochs"] = *request.epochs;
    recipe = spelled_out(std::move(recipe));
  }
  return recipe;
}

}  // namespace

std::optional<int> epochs_of(const Recipe& recipe) {
  const json* epochs = find_setting(recipe.settings, "training.epochs");
  return epochs != nullptr ? std::optional(epochs->get<int>()) : std::nullopt;
}

StudyPlan make_study_plan(const StudyRequest& request, const Dataset& train) {
  StudyPlan plan;
  plan.recipe = chosen_recipe(request);
  const std::string place = request.space.empty() ? plan.recipe.name : request.space;
  const SearchSpace space = load_search_space(place);
  refuse_common_settings(space, "space " + place);
  check_space(space, plan.recipe, request.seed, "space " + place);
  plan.space_toml = space.to_toml();
  (void)make_sampler(request.sampler, space, request.seed);
  check_metric(request.metric);
  (void)parse_budget(request.budget);
  if (request.jobs < 0) {
    throw UsageError(fmt::format("--jobs {}: expected 1 or more", request.jobs));
  }
  plan.data = request.data;
  plan.data_dir = request.data_dir;
  plan.data_fingerprint = train.provenance.fingerprint;
  plan.sampler = request.sampler;
  plan.stopping = chosen_stopping(request, plan.recipe);
  plan.metric = request.metric;
  const json* fraction = find_setting(plan.recipe.settings, "training.validation_fraction");
  plan.validation_fraction = fraction != nullptr ? fraction->get<double>() : 0;
  if (plan.validation_fraction == 0) plan.validation_fraction = kValidationFraction;
  plan.seed = request.seed;
  plan.baseline = request.baseline;
  plan.budget = request.budget;
  plan.jobs = request.jobs;
  plan.program_version = program_version();
  return plan;
}

TrainingSamples study_samples(const StudyPlan& plan, const Dataset& train) {
  const json* seed = find_setting(plan.recipe.settings, "training.seed");
  TrainValidation parts = split_validation_fraction(
      train, plan.validation_fraction, seed != nullptr ? seed->get<std::uint64_t>() : 1);
  if (parts.validation.size() == 0) {
    throw UsageError(
        fmt::format("{}: {} training pictures are too few to keep some aside to judge "
                    "trials by",
                    train.provenance.name, train.size()));
  }
  return {std::move(parts.train), std::move(parts.validation), std::nullopt};
}

std::optional<Assignment> own_settings(const SearchSpace& space, const Recipe& recipe) {
  Assignment settings;
  for (const Parameter& parameter : space.parameters()) {
    if (!space.active(parameter, settings)) continue;
    const json* value = find_setting(recipe.settings, parameter.key);
    if (value == nullptr || !in_range(parameter, *value)) return std::nullopt;
    settings[parameter.key] = *value;
  }
  return settings;
}

}  // namespace thimble::tuning
