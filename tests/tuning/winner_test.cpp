#include "tuning/winner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/classifier.hpp"
#include "models/run_folder.hpp"
#include "tuning/small_study.hpp"

namespace thimble::tuning {
namespace {

namespace fs = std::filesystem;
using namespace testing;  // of small_study.hpp

TEST(Winner, IsTrainedOnEverythingAndTestedOnce) {
  const SerialScope one_thread;
  const TemporaryFolder folder;
  StudyRequest request = small_request(folder, "3trials");
  request.settings = {"optimizer.learning_rate=1e-5"};  // hard not to beat
  Study study = run_small_study(folder / "s", request);
  const StudyPaths paths(folder / "s");
  EXPECT_FALSE(write_winner_recipe(study, folder / "s"));
  const Recipe recipe = load_recipe(paths.winner_recipe().string());
  EXPECT_EQ(recipe.name, "small-tuned");
  EXPECT_EQ(recipe.settings.at("training").at("validation_fraction"), 0.2);
  EXPECT_EQ(make_classifier(recipe)->description().recipe, recipe.settings);

  const RefitOutcome outcome = refit_winner(study, folder / "s", small_data(), nullptr);
  EXPECT_EQ(outcome.refit.pictures, small_data().train.size());
  ASSERT_TRUE(outcome.refit.test_accuracy);
  EXPECT_GT(*outcome.refit.test_accuracy, *outcome.refit.test_accuracy_low);
  const auto model = load_classifier(paths.winner());
  EXPECT_EQ(model->description().trained_on.fingerprint, small_data().train.provenance.fingerprint);
  EXPECT_EQ(model->description().metrics.at("test").at("samples"), 60);
  EXPECT_EQ(load_study(folder / "s").refit->test_accuracy, outcome.refit.test_accuracy);

  // Kept as it is while the winner stays; gone when there is another.
  study = load_study(folder / "s");
  EXPECT_FALSE(write_winner_recipe(study, folder / "s"));
  EXPECT_EQ(refit_winner(study, folder / "s", {}, nullptr).refit.seconds, outcome.refit.seconds);
  study.baseline.reset();
  study.trials.erase(study.trials.begin() + std::max(0, winner(study)->number - 1));
  EXPECT_TRUE(write_winner_recipe(study, folder / "s"));
  EXPECT_FALSE(fs::exists(paths.winner()));
}

Trial finished_trial(const nlohmann::json& details) {
  Trial trial;
  trial.number = 1;
  trial.curve = {0.5};
  trial.details = details;
  return trial;
}

StudyPlan plan_of(const char* recipe, const std::vector<std::string>& settings = {}) {
  StudyPlan plan;
  plan.recipe = parse_recipe(recipe, "test", "test");
  for (const std::string& setting : settings) override_setting(plan.recipe, setting);
  return plan;
}

TEST(PlanRefit, WhatTheTrialTookFromValidationIsFixed) {
  const RefitPlan whole = plan_refit(plan_of(kNetwork), finished_trial({{"epochs", 4}}));
  EXPECT_FALSE(whole.epochs);
  EXPECT_EQ(whole.recipe.settings.at("training").at("validation_fraction"), 0.0);

  const StudyPlan patient =
      plan_of(kNetwork, {"training.epochs=20", "training.early_stopping_patience=3"});
  const RefitPlan early = plan_refit(patient, finished_trial({{"epochs", 9}, {"best_epoch", 6}}));
  EXPECT_EQ(early.epochs, 9);
  EXPECT_EQ(early.recipe.settings.at("training").at("early_stopping_patience"), 0);
  EXPECT_EQ(early.recipe.settings.at("training").at("epochs"), 20);

  const StudyPlan best = plan_of(kNetwork, {"training.keep=best"});
  EXPECT_EQ(plan_refit(best, finished_trial({{"epochs", 4}, {"best_epoch", 3}})).epochs, 3);
  EXPECT_FALSE(plan_refit(best, finished_trial({{"epochs", 4}, {"best_epoch", 4}})).epochs);

  const StudyPlan boost =
      plan_of("family = \"boost\"\n[model]\nn_estimators = 600\nearly_stopping_rounds = 20\n");
  const RefitPlan rounds =
      plan_refit(boost, finished_trial({{"rounds", 120}, {"best_iteration", 99}}));
  EXPECT_EQ(rounds.recipe.settings.at("model").at("n_estimators"), 100);
  EXPECT_EQ(rounds.recipe.settings.at("model").at("early_stopping_rounds"), 0);
}

}  // namespace
}  // namespace thimble::tuning
