#include "nn/early_stopping.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"

namespace thimble::nn {
namespace {

/// Epochs run, counted from 1, when the losses are told in order.
int epochs_run(EarlyStopping stopping, const std::vector<double>& losses) {
  int epoch = 0;
  for (const double loss : losses) {
    ++epoch;
    if (stopping.should_stop(loss)) break;
  }
  return epoch;
}

TEST(EarlyStopping, WaitsForAsManyEpochsAsItHasPatience) {
  EXPECT_EQ(epochs_run(EarlyStopping(3), {5, 4, 3, 3, 3, 3, 3, 3}), 6);
  EXPECT_EQ(epochs_run(EarlyStopping(1), {5, 4, 4, 3}), 3);
  EXPECT_EQ(epochs_run(EarlyStopping(0), {5, 4, 4, 3}), 3);
  EXPECT_EQ(epochs_run(EarlyStopping(2), {5, 6, 4, 6, 3, 6, 2}), 7);
}

TEST(EarlyStopping, KnowsTheBestEpoch) {
  EarlyStopping stopping(3);
  EXPECT_EQ(stopping.best_epoch(), 0);
  for (const double loss : {5.0, 3.0, 4.0, 3.0}) stopping.should_stop(loss);
  EXPECT_EQ(stopping.best_epoch(), 2);
  EXPECT_EQ(stopping.best_loss(), 3.0);
}

TEST(EarlyStopping, SmallGainsDoNotCount) {
  EXPECT_EQ(epochs_run(EarlyStopping(2, 0.1), {1, 0.95, 0.91, 0.5}), 3);
  EXPECT_EQ(epochs_run(EarlyStopping(2, 0.1), {1, 0.95, 0.89, 0.5}), 4);
}

TEST(EarlyStopping, NanIsNeverBetter) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(epochs_run(EarlyStopping(2), {nan, nan, 1}), 2);
  EXPECT_EQ(epochs_run(EarlyStopping(3), {nan, 1, nan, nan, nan, 0.5}), 5);
}

TEST(EarlyStopping, ContinuesFromItsState) {
  EXPECT_TRUE(rc::check([] {
    const auto losses = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 10));
    const auto stop = *rc::gen::inRange<std::size_t>(0, losses.size() + 1);
    EarlyStopping whole(3, 0.05);
    EarlyStopping parts(3, 0.05);
    for (std::size_t epoch = 0; epoch < losses.size(); ++epoch) {
      if (epoch == stop) {
        const std::string stored = parts.state().dump();
        parts = EarlyStopping(3, 0.05);
        parts.set_state(nlohmann::json::parse(stored));
      }
      const double loss = losses[epoch] / 10.0;
      RC_ASSERT(whole.should_stop(loss) == parts.should_stop(loss));
      RC_ASSERT(whole.best_epoch() == parts.best_epoch());
    }
  }));
}

TEST(EarlyStopping, RefusesWhatMakesNoSense) {
  EXPECT_THROW(EarlyStopping(-1), UsageError);
  EXPECT_THROW(EarlyStopping(1, -0.1), UsageError);
  EXPECT_THROW(EarlyStopping(1, std::numeric_limits<double>::quiet_NaN()), UsageError);
  EarlyStopping stopping(2);
  for (const char* state : {"null", "3", "{}", R"({"epoch":1,"best_epoch":"x","best_loss":1})"})
    EXPECT_THROW(stopping.set_state(nlohmann::json::parse(state)), DataError) << state;
}

}  // namespace
}  // namespace thimble::nn
