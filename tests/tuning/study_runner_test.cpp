#include "tuning/study_runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "base/error.hpp"
#include "models/run_folder.hpp"
#include "tuning/small_study.hpp"

namespace thimble::tuning {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using namespace testing;  // of small_study.hpp

std::vector<Trial::State> states(const Study& study) {
  std::vector<Trial::State> all;
  for (const Trial& trial : study.trials) all.push_back(trial.state);
  return all;
}

TEST(StudyRunner, TheSameSeedGivesTheSameStudy) {
  const TemporaryFolder folder;
  const StudyRequest request = small_request(folder, "14trials");
  const Study a = run_small_study(folder / "a", request);
  const Study b = run_small_study(folder / "b", request);
  EXPECT_EQ(without_times(a), without_times(b));
  ASSERT_EQ(a.trials.size(), 14u);
  ASSERT_TRUE(a.baseline);
  EXPECT_EQ(a.baseline->curve.size(), 4u);
  EXPECT_EQ(a.baseline->settings.at("training.batch_size"), 32);
  EXPECT_THAT(states(a), ::testing::Contains(Trial::State::stopped));
  ASSERT_TRUE(best_trial(a));
  const Trial& best = a.trials[*best_trial(a)];
  EXPECT_EQ(best.curve.size(), 4u);
  EXPECT_GT(best.value, a.baseline->value);

  StudyRequest other = request;
  other.seed = 2;
  EXPECT_NE(without_times(run_small_study(folder / "c", other))[1], without_times(a)[1]);
}

TEST(StudyRunner, KeepsOneModelAndNoCheckpoints) {
  const TemporaryFolder folder;
  const Study study = run_small_study(folder / "s", small_request(folder, "4trials"));
  const StudyPaths paths(folder / "s");
  for (int number = 0; number <= 4; ++number) {
    const RunPaths run(paths.trial(number));
    EXPECT_TRUE(fs::exists(run.config()));
    EXPECT_TRUE(fs::exists(run.history()));
    EXPECT_FALSE(fs::exists(run.checkpoint()));
    EXPECT_FALSE(fs::exists(run.best()));
    EXPECT_EQ(fs::exists(run.model()), number == winner(study)->number) << number;
  }
  EXPECT_EQ(without_times(load_study(folder / "s")), without_times(study));
}

/// Asks to stop after a number of questions.
class StopAfter : public StudyObserver {
 public:
  explicit StopAfter(int questions) : left_(questions) {}
  bool stop_requested() const override { return left_-- <= 0; }

 private:
  mutable std::atomic<int> left_;
};

TEST(StudyRunner, InterruptedAnywhereItBecomesTheSameStudy) {
  const TemporaryFolder folder;
  const StudyRequest request = small_request(folder, "6trials");
  const Study whole = run_small_study(folder / "whole", request);
  // Steps of a trial are 7 to 13 an epoch: within epochs, on their borders, between trials.
  for (const int questions : {23, 40}) {
    const fs::path study = folder / std::to_string(questions);
    int parts = 0;
    for (bool done = false; !done; ++parts) {
      ASSERT_LT(parts, 100);
      StopAfter observer(questions);
      try {
        EXPECT_EQ(without_times(run_small_study(study, request, observer)), without_times(whole));
        done = true;
      } catch (const Cancelled&) {
      }
    }
    EXPECT_GT(parts, 3);
  }
}

TEST(StudyRunner, GoesOnWithALargerBudget) {
  const TemporaryFolder folder;
  const Study whole = run_small_study(folder / "whole", small_request(folder, "6trials"));
  (void)run_small_study(folder / "s", small_request(folder, "3trials"));
  const double spent = load_study(folder / "s").trials.back().started_s;
  const Study more = run_small_study(folder / "s", small_request(folder, "6trials"));
  EXPECT_EQ(without_times(more), without_times(whole));
  EXPECT_GE(more.trials[3].started_s, spent);
}

TEST(StudyRunner, RefusesTheFolderOfAnotherStudy) {
  const TemporaryFolder folder;
  const auto open = [&](const StudyRequest& request, bool resume) {
    return message_of<UsageError>(
        [&] { open_study(folder / "s", make_study_plan(request, small_data().train), resume); });
  };
  StudyRequest request = small_request(folder, "3trials");
  EXPECT_EQ(open(request, false), "nothing was thrown");
  EXPECT_THAT(open(request, false), HasSubstr("holds a study already"));
  EXPECT_EQ(open(request, true), "nothing was thrown");
  request.epochs = 2;
  EXPECT_THAT(open(request, true), HasSubstr("s: holds another study: recipe.settings.training."
                                             "epochs was 4, is now 2"));
  request.epochs.reset();
  request.seed = 7;
  EXPECT_THAT(open(request, true), HasSubstr("seed was 1, is now 7"));
}

TEST(StudyRunner, FailedTrialsAreKeptWithTheirReason) {
  const TemporaryFolder folder;
  StudyRequest request = small_request(folder, "4trials", kNetwork,
                                       "[optimizer]\nlearning_rate = [0.01, 0.02, 0.1, 1e30]\n");
  const Study study = run_small_study(folder / "s", request);
  const auto failed = std::ranges::find(study.trials, Trial::State::failed, &Trial::state);
  ASSERT_NE(failed, study.trials.end());
  EXPECT_THAT(failed->reason, HasSubstr("the loss is no longer a number"));
  EXPECT_TRUE(failed->curve.empty());
  EXPECT_TRUE(best_trial(study));
}

TEST(StudyRunner, EndsWithAnErrorIfAllFail) {
  const TemporaryFolder folder;
  StudyRequest request =
      small_request(folder, "3trials", kNetwork, "[optimizer]\nlearning_rate = [1e29, 1e30]\n");
  EXPECT_THAT(message_of<DataError>([&] { (void)run_small_study(folder / "s", request); }),
              HasSubstr("all 2 trials failed. Trial 1: training: the loss is no longer a number"));
}

/// Collects what it is told.
class Listener : public StudyObserver {
 public:
  void note(const std::string& text) override { notes.push_back(text); }
  void trial_ended(const Trial& trial, const Standing& standing) override {
    ended.push_back(trial.number);
    last = standing;
  }
  std::vector<std::string> notes;
  std::vector<int> ended;
  Standing last;
};

TEST(StudyRunner, ModelsWithoutEpochsEndWhereTheSpaceDoes) {
  const TemporaryFolder folder;
  const StudyRequest request =
      small_request(folder, "30trials", "name = \"knn\"\nfamily = \"knn\"\n",
                    "[model]\nn_neighbors = [1, 3, 5]\n");
  const StudyPlan plan = make_study_plan(request, small_data().train);
  EXPECT_EQ(plan.stopping, "none");
  EXPECT_EQ(plan.validation_fraction, kValidationFraction);
  Listener listener;
  const Study study = run_small_study(folder / "s", request, listener);
  // 5 is the recipe's own, and the baseline has it.
  EXPECT_EQ(listener.ended, (std::vector{0, 1, 2}));
  EXPECT_THAT(listener.notes, ::testing::ElementsAre("all settings of the space were tried"));
  EXPECT_EQ(study.trials[0].curve, std::vector{study.trials[0].value});
  EXPECT_EQ(listener.last.ended, 2);
  EXPECT_EQ(listener.last.best, winner(study)->number);
}

TEST(StudyRunner, NoTrialUsesUpTheTimeOfTheOthers) {
  const TemporaryFolder folder;
  const StudyRequest request =
      small_request(folder, "3s", "name = \"f\"\nfamily = \"forest\"\n[model]\nn_estimators = 1\n",
                    "[model]\nn_estimators = [1, 2, 10000000]\n");
  const Study study = run_small_study(folder / "s", request);
  ASSERT_EQ(study.trials.size(), 2u);
  const auto failed = std::ranges::find(study.trials, Trial::State::failed, &Trial::state);
  ASSERT_NE(failed, study.trials.end());
  EXPECT_EQ(failed->settings.at("model.n_estimators"), 10'000'000);
  EXPECT_THAT(failed->reason, HasSubstr("took longer than 0.3 s"));
  EXPECT_GT(failed->seconds, 0.3);
  EXPECT_EQ(study.trials.size(), load_study(folder / "s").trials.size());
}

TEST(StudyRunner, TrialsSideBySide) {
  const TemporaryFolder folder;
  StudyRequest request = small_request(folder, "8trials");
  request.jobs = 3;
  Listener listener;
  const Study study = run_small_study(folder / "s", request, listener);
  ASSERT_EQ(study.trials.size(), 8u);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(study.trials[static_cast<std::size_t>(i)].number, i + 1);
  EXPECT_EQ(listener.ended.size(), 9u);
  EXPECT_EQ(listener.last.running, 0);
}

TEST(StudyRunner, SaysIfTheTimeWasTooShort) {
  const TemporaryFolder folder;
  const StudyRequest request = small_request(folder, "0.000001s");
  EXPECT_THAT(message_of<UsageError>([&] { (void)run_small_study(folder / "s", request); }),
              HasSubstr("no trial came to its end"));
}

TEST(StudyRunner, WhenTheTimeIsOverTheLastWholeEpochCounts) {
  const TemporaryFolder folder;
  // Interrupted in its first trial, and taken up when there is no time left.
  StudyRequest request = small_request(folder, "6trials");
  StopAfter observer(64);
  EXPECT_THROW((void)run_small_study(folder / "s", request, observer), Cancelled);
  ASSERT_EQ(unfinished_trials(folder / "s").size(), 1u);
  request.budget = "0.000001s";
  const Study study = run_small_study(folder / "s", request);
  ASSERT_EQ(study.trials.size(), 1u);
  EXPECT_EQ(study.trials[0].state, Trial::State::stopped);
  EXPECT_EQ(study.trials[0].reason, "the time was over");
  EXPECT_EQ(study.trials[0].value, study.trials[0].curve.back());
  EXPECT_TRUE(unfinished_trials(folder / "s").empty());
}

TEST(ShareCores, NetworksOneACoreOthersOneAtATime) {
  const auto shares = [](const char* family, int cores, int wanted, std::uint64_t memory) {
    const CoreShares s = share_cores({"r", family, "", {}}, cores, wanted, memory);
    return std::pair(s.jobs, s.threads);
  };
  constexpr std::uint64_t kPlenty = 100'000'000'000;
  EXPECT_EQ(shares("neural", 2, 0, kPlenty), std::pair(2, 1));
  EXPECT_EQ(shares("neural", 16, 0, kPlenty), std::pair(8, 2));
  EXPECT_EQ(shares("neural", 16, 0, 3'000'000'000), std::pair(3, 5));
  EXPECT_EQ(shares("neural", 4, 0, 0), std::pair(1, 4));
  EXPECT_EQ(shares("svm", 16, 0, kPlenty), std::pair(1, 16));
  EXPECT_EQ(shares("svm", 16, 4, kPlenty), std::pair(4, 4));
  EXPECT_EQ(shares("neural", 2, 3, kPlenty), std::pair(3, 1));
}

}  // namespace
}  // namespace thimble::tuning
