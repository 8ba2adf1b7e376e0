#include "nn/schedule.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"
#include "nn/reference.hpp"

namespace thimble::nn {
namespace {

const std::vector<std::string> kNames = {"constant", "step",      "exponential",
                                         "cosine",   "one-cycle", "reduce-on-plateau"};

class ScheduleReference : public testing::TestWithParam<reference::Case> {};

TEST_P(ScheduleReference, FollowsPyTorchAtTheStartOfEveryEpoch) {
  const nlohmann::json& json = GetParam().options;
  ScheduleOptions options;
  options.name = json.at("name").get<std::string>();
  options.step_epochs = json.value("step_epochs", options.step_epochs);
  options.gamma = json.value("gamma", options.gamma);
  options.final_fraction = json.value("final_fraction", options.final_fraction);
  options.factor = json.value("factor", options.factor);
  options.patience = json.value("patience", options.patience);
  options.min_fraction = json.value("min_fraction", options.min_fraction);
  const auto schedule = make_schedule(options, json.at("epochs").get<double>());
  const std::vector<float>& fractions = GetParam().values("fractions");
  for (std::size_t epoch = 0; epoch < fractions.size(); ++epoch) {
    EXPECT_NEAR(schedule->fraction(static_cast<double>(epoch)), fractions[epoch],
                1e-7 * fractions[epoch])
        << "epoch " << epoch;
    if (GetParam().has("losses")) schedule->end_epoch(GetParam().values("losses")[epoch]);
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, ScheduleReference,
                         testing::ValuesIn(reference::load("nn_schedules.json")),
                         [](const auto& test) { return test.param.name; });

TEST(Schedule, StepDropsBetweenEpochs) {
  const auto schedule = make_schedule({.name = "step", .step_epochs = 2.5, .gamma = 0.5}, 10);
  EXPECT_DOUBLE_EQ(schedule->fraction(2.49), 1);
  EXPECT_DOUBLE_EQ(schedule->fraction(2.51), 0.5);
  EXPECT_DOUBLE_EQ(schedule->fraction(5.01), 0.25);
}

TEST(Schedule, ExponentialFallsWithinAnEpoch) {
  const auto schedule = make_schedule({.name = "exponential", .gamma = 0.25}, 10);
  EXPECT_DOUBLE_EQ(schedule->fraction(0.5), 0.5);
}

TEST(Schedule, OneCycleIsATriangle) {
  const auto schedule =
      make_schedule({.name = "one-cycle", .final_fraction = 0.1, .rise_fraction = 0.2}, 10);
  EXPECT_DOUBLE_EQ(schedule->fraction(0), 0);
  EXPECT_DOUBLE_EQ(schedule->fraction(1), 0.5);
  EXPECT_DOUBLE_EQ(schedule->fraction(2), 1);
  EXPECT_DOUBLE_EQ(schedule->fraction(6), 0.55);
  EXPECT_DOUBLE_EQ(schedule->fraction(10), 0.1);
}

TEST(Schedule, OneCycleMayOnlyFallOrOnlyRise) {
  const auto falls = make_schedule({.name = "one-cycle", .rise_fraction = 0}, 4);
  EXPECT_DOUBLE_EQ(falls->fraction(0), 1);
  EXPECT_DOUBLE_EQ(falls->fraction(1), 0.75);
  const auto rises = make_schedule({.name = "one-cycle", .rise_fraction = 1}, 4);
  EXPECT_DOUBLE_EQ(rises->fraction(1), 0.25);
  EXPECT_DOUBLE_EQ(rises->fraction(4), 1);
}

TEST(Schedule, WarmUpIsAFactorOnAnySchedule) {
  for (const std::string& name : kNames) {
    const auto plain = make_schedule({.name = name}, 8);
    const auto warmed = make_schedule({.name = name, .warmup_epochs = 1.5}, 8);
    EXPECT_DOUBLE_EQ(warmed->fraction(0), 0) << name;
    EXPECT_DOUBLE_EQ(warmed->fraction(0.75), plain->fraction(0.75) / 2) << name;
    for (double epoch = 1.5; epoch <= 8; epoch += 0.25)
      EXPECT_DOUBLE_EQ(warmed->fraction(epoch), plain->fraction(epoch)) << name;
  }
}

TEST(Schedule, StaysBetweenZeroAndThePeak) {
  EXPECT_TRUE(rc::check([] {
    const auto share = [] { return *rc::gen::inRange(0, 101) / 100.0; };
    ScheduleOptions options;
    options.name = *rc::gen::elementOf(kNames);
    options.warmup_epochs = 10 * share();
    options.step_epochs = 0.1 + share();
    options.gamma = 0.01 + 0.99 * share();
    options.final_fraction = share();
    options.rise_fraction = share();
    options.factor = 0.01 + 0.98 * share();
    options.patience = *rc::gen::inRange(0, 3);
    options.min_fraction = share();
    const auto schedule = make_schedule(options, 5);
    for (int step = 0; step < 60; ++step) {
      const double fraction = schedule->fraction((step + 0.5) / 10);
      RC_ASSERT(fraction >= 0 && fraction <= 1);
      if (step % 10 == 9) schedule->end_epoch(share());
    }
  }));
}

TEST(ReduceOnPlateau, ContinuesFromItsState) {
  EXPECT_TRUE(rc::check([] {
    const auto losses = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 20));
    const auto stop = *rc::gen::inRange<std::size_t>(0, losses.size() + 1);
    const ScheduleOptions options = {
        .name = "reduce-on-plateau", .warmup_epochs = 1, .patience = 1};
    const auto whole = make_schedule(options, 100);
    auto parts = make_schedule(options, 100);
    for (std::size_t epoch = 0; epoch < losses.size(); ++epoch) {
      if (epoch == stop) {
        const std::string stored = parts->state().dump();
        parts = make_schedule(options, 100);
        parts->set_state(nlohmann::json::parse(stored));
      }
      whole->end_epoch(losses[epoch] / 10.0);
      parts->end_epoch(losses[epoch] / 10.0);
      RC_ASSERT(whole->fraction(50) == parts->fraction(50));
    }
  }));
}

TEST(ReduceOnPlateau, TakesNanForABadEpoch) {
  const auto schedule = make_schedule({.name = "reduce-on-plateau", .patience = 1}, 10);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  schedule->end_epoch(nan);
  schedule->end_epoch(nan);
  EXPECT_EQ(schedule->fraction(2), 0.5);
  schedule->set_state(nlohmann::json::parse(schedule->state().dump()));
  EXPECT_EQ(schedule->fraction(2), 0.5);
}

TEST(ReduceOnPlateau, RefusesAStateItCannotRead) {
  const auto schedule = make_schedule({.name = "reduce-on-plateau"}, 10);
  for (const char* state : {"null", "3", "[]", "{}", R"({"fraction":"x"})",
                            R"({"fraction":0.5,"best_loss":"low","bad_epochs":1})"}) {
    EXPECT_THROW(schedule->set_state(nlohmann::json::parse(state)), DataError) << state;
    EXPECT_EQ(schedule->fraction(0), 1);
  }
}

TEST(Schedule, RefusesOptionsOutOfRange) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<ScheduleOptions> bad = {
      {.warmup_epochs = -1},   {.warmup_epochs = nan},
      {.step_epochs = 0},      {.gamma = 0},
      {.gamma = 1.1},          {.final_fraction = -0.1},
      {.final_fraction = 1.1}, {.rise_fraction = nan},
      {.rise_fraction = 2},    {.factor = 1},
      {.factor = 0},           {.patience = -1},
      {.min_fraction = 1.5},
  };
  for (const ScheduleOptions& options : bad) EXPECT_THROW(make_schedule(options, 10), UsageError);
  EXPECT_THROW(make_schedule({}, 0), UsageError);
  EXPECT_THROW(make_schedule({}, nan), UsageError);
  try {
    make_schedule({.gamma = 1.5}, 10);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "schedule.gamma: 1.5, expected above 0 and at most 1");
  }
}

TEST(Schedule, SuggestsTheNearestName) {
  try {
    make_schedule({.name = "cosin"}, 10);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("did you mean 'cosine'"));
  }
}

}  // namespace
}  // namespace thimble::nn
