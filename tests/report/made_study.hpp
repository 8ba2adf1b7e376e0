// A study made by hand: trials that were finished, stopped and failed, a setting that is not always
// in force, a choice, a learning rate that matters most.

#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "base/random.hpp"
#include "models/classifier.hpp"
#include "models/recipe.hpp"
#include "tuning/study.hpp"

namespace thimble::testing {

inline tuning::StudyPlan made_plan() {
  tuning::StudyPlan plan;
  plan.recipe = parse_recipe(R"(
    family = "neural"
    [model]
    layers = ["flatten", "dense 8", "relu", "dense 10"]
    [training]
    epochs = 9)",
                             "made recipe", "little");
  plan.recipe.settings = make_classifier(plan.recipe)->description().recipe;
  plan.space_toml = R"(
    [optimizer]
    learning_rate = { low = 0.001, high = 1.0, scale = "log" }
    name = ["sgd", "adamw"]
    momentum = { low = 0.8, high = 0.98, when = { "optimizer.name" = "sgd" } }
    [augmentation]
    shift_pixels = { low = 0, high = 4, whole = true }
  )";
  plan.data = "fashion-mnist";
  plan.data_fingerprint = "sha256:0123";
  plan.validation_fraction = 0.1;
  plan.program_version = "1.2.3";
  return plan;
}

/// What the settings are worth after all epochs.
inline double made_accuracy(const tuning::Assignment& settings) {
  const double away = std::log10(settings.at("optimizer.learning_rate").get<double>() / 0.05);
  double accuracy = 0.91 - 0.12 * away * away / (1 + 0.3 * away * away);
  if (settings.at("optimizer.name") == "adamw") accuracy -= 0.01;
  return accuracy - 0.002 * std::abs(settings.at("augmentation.shift_pixels").get<double>() - 1);
}

/// Trial `number`: every 3rd goes on to 9 epochs, others to 1 or 3; every 17th fails.
inline tuning::Trial made_trial(const tuning::SearchSpace& space, int number) {
  Random random(hash_seed(7, static_cast<std::uint64_t>(number)));
  tuning::Trial trial;
  trial.number = number;
  trial.settings = space.sample(random);
  trial.started_s = 20.0 * number;
  if (number % 17 == 16) {
    trial.state = tuning::Trial::State::failed;
    trial.reason = "the loss is not a number after 12 steps";
    trial.seconds = 1;
    return trial;
  }
  const double top = made_accuracy(trial.settings);
  const bool poor = top < 0.82;
  const int epochs = poor ? 1 : number % 3 == 0 ? 9 : 3;
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    trial.curve.push_back(top - 0.1 / epoch + 0.004 * random.uniform());
  }
  trial.state = epochs == 9 ? tuning::Trial::State::finished : tuning::Trial::State::stopped;
  trial.reason = epochs == 9 ? "all 9 epochs done" : fmt::format("poor after {} epochs", epochs);
  trial.value = trial.curve.back();
  trial.loss = 3 * (1 - trial.value);
  trial.seconds = 5.0 * epochs;
  return trial;
}

inline tuning::Study made_study(int trials) {
  tuning::Study study;
  study.plan = made_plan();
  const auto space = tuning::SearchSpace::parse(study.plan.space_toml, "made space");
  for (int number = 1; number <= trials; ++number) {
    study.trials.push_back(made_trial(space, number));
  }
  tuning::Trial baseline;
  baseline.curve = {0.7, 0.78, 0.81, 0.82, 0.83, 0.835, 0.84, 0.843, 0.845};
  baseline.value = 0.845;
  baseline.loss = 0.46;
  baseline.seconds = 44;
  baseline.reason = "all 9 epochs done";
  study.baseline = baseline;
  return study;
}

}  // namespace thimble::testing
