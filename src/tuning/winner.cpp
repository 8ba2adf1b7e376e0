#include "tuning/winner.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "evaluation/certainty.hpp"
#include "evaluation/prediction.hpp"
#include "evaluation/training_run.hpp"
#include "models/run_folder.hpp"
#include "tuning/study_plan.hpp"

namespace thimble::tuning {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

const Trial& required_winner(const Study& study) {
  const Trial* found = winner(study);
  if (found == nullptr) throw UsageError("the study has no finished trial, and so no winner");
  return *found;
}

/// Epochs that the winner's training should end after; nothing if its trial went to its end and
/// kept the last weights.
std::optional<int> epochs_to_keep(const json& training, const json& details) {
  const int epochs = training.value("epochs", 0);
  const bool best_kept = training.value("keep", "last") == "best";
  const int kept = details.value(best_kept ? "best_epoch" : "epochs", epochs);
  return kept > 0 && kept < epochs ? std::optional(kept) : std::nullopt;
}

/// Takes temperature and unsure_below over from the winning trial's model, fitted on what that did
/// not learn from.
void take_over_certainty(const Study& study, const fs::path& folder, const Dataset& train,
                         Classifier& classifier, std::vector<std::string>& notes) {
  const RunPaths trial(StudyPaths(folder).trial(required_winner(study).number));
  std::error_code error;
  if (!fs::exists(trial.model(), error)) {
    notes.push_back("the winning trial's model is gone, so the probabilities are not calibrated");
    return;
  }
  const std::unique_ptr<Classifier> fitted = load_classifier(trial.model());
  const Dataset validation = study_samples(study.plan, train).validation;
  ModelDescription description = fitted->description();
  for (std::string& note :
       fit_confidence(description, validation, predict(*fitted, validation.images, {}))) {
    notes.push_back(std::move(note));
  }
  classifier.description().temperature = description.temperature;
  classifier.description().unsure_below = description.unsure_below;
}

}  // namespace

Recipe winner_recipe(const Study& study) {
  const Trial& best = required_winner(study);
  Recipe recipe = recipe_of(study.plan, best);
  recipe.settings = make_classifier(recipe)->description().recipe;
  if (best.number == 0) return recipe;
  recipe.description =
      fmt::format("{}, tuned: trial {} of a study with {:.2f} {} on validation", recipe.name,
                  best.number, study.plan.metric == "loss" ? -best.value : 100 * best.value,
                  study.plan.metric == "loss" ? "of loss" : "%");
  recipe.name += "-tuned";
  return recipe;
}

bool write_winner_recipe(const Study& study, const fs::path& folder) {
  const StudyPaths paths(folder);
  const std::string text = to_toml(winner_recipe(study));
  std::error_code error;
  bool tested = false;
  if (fs::exists(paths.winner_recipe(), error)) {
    if (read_file(paths.winner_recipe()) == text) return false;
    tested = fs::exists(paths.refit(), error);
    fs::remove_all(paths.winner(), error);
  }
  write_file(paths.winner_recipe(), text);
  return tested;
}

RefitPlan plan_refit(const StudyPlan& plan, const Trial& best) {
  RefitPlan refit;
  refit.recipe = recipe_of(plan, best);
  refit.recipe.settings = make_classifier(refit.recipe)->description().recipe;
  json& settings = refit.recipe.settings;
  const json details = best.details.is_object() ? best.details : json::object();
  json& training = settings["training"];
  if (training.contains("validation_fraction")) training["validation_fraction"] = 0.0;
  if (training.contains("epochs")) {
    refit.epochs = epochs_to_keep(training, details);
    training["early_stopping_patience"] = 0;
    training["keep"] = "last";
  }
  json& model = settings["model"];
  if (model.is_object() && model.value("early_stopping_rounds", 0) > 0) {
    model["n_estimators"] = details.value("best_iteration", model.value("n_estimators", 1) - 1) + 1;
    model["early_stopping_rounds"] = 0;
  }
  return refit;
}

RefitOutcome refit_winner(const Study& study, const fs::path& folder, DatasetSplits splits,
                          Progress* progress) {
  const StudyPaths paths(folder);
  const Trial& best = required_winner(study);
  if (study.refit && study.refit->trial == best.number) return {*study.refit, {}};
  const RefitPlan plan = plan_refit(study.plan, best);
  const RunPaths run(paths.winner());
  RefitOutcome outcome;
  outcome.refit.trial = best.number;
  outcome.refit.model = fs::relative(run.model(), folder).string();
  outcome.refit.pictures = splits.train.size();

  const std::unique_ptr<Classifier> classifier = make_classifier(plan.recipe);
  TrainingSamples samples;
  samples.train = std::move(splits.train);
  samples.test = std::move(splits.test);
  const auto epoch_done = [&](const EpochFigures& figures) {
    return !plan.epochs || figures.epoch < *plan.epochs;
  };
  const FitReport report =
      fit_run(*classifier, samples, run.folder, /*resume=*/true, progress, epoch_done);
  outcome.refit.seconds = report.seconds;
  outcome.notes = fit_certainty(*classifier, samples, {}, progress);
  take_over_certainty(study, folder, samples.train, *classifier, outcome.notes);
  classifier->save(run.model());
  if (samples.test) {
    JudgedTest judged = judge_test(*classifier, samples, run.folder, progress);
    outcome.refit.test_accuracy = judged.evaluation.accuracy;
    outcome.refit.test_accuracy_low = judged.evaluation.accuracy_interval.low;
    outcome.refit.test_accuracy_high = judged.evaluation.accuracy_interval.high;
    std::ranges::move(judged.notes, std::back_inserter(outcome.notes));
    classifier->save(run.model());
  }
  write_file(paths.refit(), to_json(outcome.refit).dump(2) + "\n");
  return outcome;
}

}  // namespace thimble::tuning
