#include "tuning/study.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "temporary_folder.hpp"

namespace thimble::tuning {
namespace {

using nlohmann::json;
using testing::HasSubstr;
namespace fs = std::filesystem;

StudyPlan some_plan() {
  StudyPlan plan;
  plan.recipe = {"mlp", "neural", "words", {{"optimizer", {{"learning_rate", 0.1}}}}};
  plan.space_toml = "[optimizer]\nlearning_rate = {low = 0.01, high = 1.0}\n";
  plan.data = "fashion-mnist";
  plan.data_fingerprint = "abc";
  plan.validation_fraction = 0.1;
  plan.seed = 18'000'000'000'000'000'000ull;
  plan.budget = "40trials";
  plan.jobs = 2;
  return plan;
}

Trial some_trial(int number, double value, double loss = 0.5) {
  Trial trial;
  trial.number = number;
  trial.settings = {{"optimizer.learning_rate", 0.25}, {"model.layers", json::array({"a", "b"})}};
  trial.reason = "all 2 epochs done";
  trial.curve = {value / 2, value};
  trial.value = value;
  trial.loss = loss;
  trial.seconds = 1.5;
  trial.started_s = 3;
  trial.details = {{"epochs", 2}};
  return trial;
}

/// Through text and back, as in a file.
json through_text(const json& document) { return json::parse(document.dump()); }

void write_trial(const StudyPaths& paths, const Trial& trial) {
  fs::create_directories(paths.trial(trial.number));
  write_text(paths.ended(trial.number), to_json(trial).dump());
}

TEST(Study, PlansAndTrialsComeBack) {
  const StudyPlan plan = study_plan_from_json(through_text(to_json(some_plan())), "x");
  EXPECT_EQ(to_json(plan), to_json(some_plan()));
  EXPECT_EQ(plan.seed, some_plan().seed);
  Trial trial = some_trial(3, 0.75);
  trial.state = Trial::State::stopped;
  EXPECT_EQ(to_json(trial_from_json(through_text(to_json(trial)), "x")), to_json(trial));
  Refit refit{3, "winner/model.safetensors", 100, 2.5, 0.9, 0.8, {}};
  EXPECT_EQ(to_json(refit_from_json(through_text(to_json(refit)), "x")), to_json(refit));
}

TEST(Study, RefusesWhatCannotBeAndNamesTheFile) {
  json trial = to_json(some_trial(3, 0.75));
  const auto message = [&](const char* key, const json& value) {
    json changed = trial;
    changed[key] = value;
    return message_of<DataError>([&] { (void)trial_from_json(changed, "t.json"); });
  };
  EXPECT_THAT(message("number", -1e99), HasSubstr("t.json: number is"));
  EXPECT_THAT(message("state", "gone"), HasSubstr("t.json: state 'gone', expected finished"));
  EXPECT_THAT(message("curve", json::array()), HasSubstr("t.json: the curve is empty"));
  EXPECT_THAT(message("value", json()), HasSubstr("t.json: not the result of a trial"));
  EXPECT_THAT(message_of<DataError>([] { (void)study_plan_from_json(json(), "s.json"); }),
              HasSubstr("s.json: not the plan of a study"));
}

TEST(Study, NamesTheFirstDifference) {
  const StudyPlan before = some_plan();
  StudyPlan now = before;
  now.budget = "2h";
  now.jobs = 1;
  now.recipe.description = "other words";
  EXPECT_EQ(first_difference(before, now), "");
  now.space_toml = "[optimizer]\nlearning_rate = {low = 0.02, high = 1.0}\n";
  EXPECT_EQ(first_difference(before, now),
            "space.optimizer.learning_rate.low was 0.01, is now 0.02");
  now = before;
  now.recipe.settings["optimizer"]["learning_rate"] = 0.2;
  EXPECT_EQ(first_difference(before, now),
            "recipe.settings.optimizer.learning_rate was 0.1, is now 0.2");
  now = before;
  now.seed = 2;
  EXPECT_THAT(first_difference(before, now), HasSubstr("seed was 18000000000000000000, is now 2"));
  now.data_fingerprint = "abd";
  EXPECT_THAT(first_difference(before, now), HasSubstr("the training pictures of fashion-mnist"));
}

TEST(Study, IsReadFromItsFolder) {
  const TemporaryFolder folder;
  const StudyPaths paths(folder / "s");
  EXPECT_FALSE(holds_study(paths.folder));
  EXPECT_THAT(message_of<UsageError>([&] { (void)load_study(paths.folder); }),
              HasSubstr("holds no study"));
  fs::create_directories(paths.folder);
  write_text(paths.plan(), to_json(some_plan()).dump());
  for (const int number : {2, 0, 1}) write_trial(paths, some_trial(number, 0.1 * number));
  fs::create_directories(paths.trial(3));
  write_text(paths.begun(3), to_json(BegunTrial{3, {{"a", 1}}, 7}).dump());
  fs::create_directories(paths.trial(4));  // killed before anything was written
  fs::create_directories(paths.trials() / "notes");

  const Study study = load_study(paths.folder);
  ASSERT_EQ(study.trials.size(), 2u);
  EXPECT_EQ(study.trials[1].number, 2);
  ASSERT_TRUE(study.baseline);
  EXPECT_FALSE(study.refit);
  const auto unfinished = unfinished_trials(paths.folder);
  ASSERT_EQ(unfinished.size(), 1u);
  EXPECT_EQ(unfinished[0].settings.at("a"), 1);

  write_text(paths.ended(2), to_json(some_trial(5, 0.2)).dump());
  EXPECT_THAT(message_of<DataError>([&] { (void)load_study(paths.folder); }),
              HasSubstr("it is of trial 5, expected 2"));
}

TEST(Study, TheWinnerHasFinishedAndBeatsTheBaseline) {
  Study study;
  study.plan = some_plan();
  EXPECT_FALSE(best_trial(study));
  EXPECT_EQ(winner(study), nullptr);
  study.trials = {some_trial(1, 0.7, 0.5), some_trial(2, 0.9), some_trial(3, 0.8, 0.5),
                  some_trial(4, 0.8, 0.4), some_trial(5, 0.8, 0.4)};
  study.trials[1].state = Trial::State::stopped;
  EXPECT_EQ(best_trial(study), 3u);
  EXPECT_EQ(winner(study)->number, 4);
  study.baseline = some_trial(0, 0.8, 0.4);
  EXPECT_EQ(winner(study)->number, 0);
  study.baseline->state = Trial::State::failed;
  EXPECT_EQ(winner(study)->number, 4);
  EXPECT_EQ(recipe_of(study.plan, study.trials[0]).settings.at("optimizer").at("learning_rate"),
            0.25);
}

}  // namespace
}  // namespace thimble::tuning
