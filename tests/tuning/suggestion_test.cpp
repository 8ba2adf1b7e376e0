#include "tuning/suggestion.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace thimble::tuning {
namespace {

constexpr int kEpochs = 4;

SearchSpace one_setting() {
  return SearchSpace::parse("[model]\nn_neighbors = [1, 3, 5]\n", "space.toml");
}

Assignment neighbors(int count) { return {{"model.n_neighbors", count}}; }

Trial trial_with(int number, Assignment settings, Trial::State state, std::vector<double> curve) {
  Trial trial;
  trial.number = number;
  trial.settings = std::move(settings);
  trial.state = state;
  trial.curve = std::move(curve);
  return trial;
}

TEST(ObservationsOf, FinishedIsWholeStoppedAsFarAsItWentFailedWorseThanAll) {
  Study study;
  study.baseline = trial_with(0, {}, Trial::State::finished, {0.9});
  study.trials = {trial_with(1, neighbors(1), Trial::State::failed, {}),
                  trial_with(2, neighbors(3), Trial::State::stopped, {-2.0, -1.5}),
                  // Ended by early stopping, two epochs before its time.
                  trial_with(3, neighbors(5), Trial::State::finished, {-1.0, -0.5})};
  const std::vector<Observation> all = observations_of(study, kEpochs);
  // The baseline's settings are none of the space's.
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].settings, neighbors(3));
  EXPECT_EQ(all[0].value, -1.5);
  EXPECT_EQ(all[0].epochs, 2);
  EXPECT_EQ(all[1].settings, neighbors(5));
  EXPECT_EQ(all[1].epochs, kEpochs);
  EXPECT_EQ(all[2].settings, neighbors(1));
  EXPECT_LT(all[2].value, -1.5);
  EXPECT_EQ(all[2].epochs, 0);

  study.baseline->settings = neighbors(7);
  EXPECT_EQ(observations_of(study, kEpochs).size(), 4u);
}

TEST(UntriedSettings, AreNoneThatWereTriedRunOrAreTheBaselines) {
  const SearchSpace space = one_setting();
  for (const char* name : {"random", "tpe"}) {
    const auto sampler = make_sampler(name, space, 1);
    Study study;
    std::vector<Assignment> running;
    const auto next = [&](int number) {
      return untried_settings(*sampler, space, study, running, number, 1);
    };
    study.trials = {trial_with(1, neighbors(3), Trial::State::failed, {})};
    running = {neighbors(1)};
    EXPECT_EQ(next(2), neighbors(5)) << name;
    EXPECT_EQ(next(2), neighbors(5)) << name;
    study.baseline = trial_with(0, neighbors(5), Trial::State::finished, {0.5});
    EXPECT_EQ(next(2), std::nullopt) << name;
    running.clear();
    EXPECT_EQ(next(2), neighbors(1)) << name;
  }
}

}  // namespace
}  // namespace thimble::tuning
