#include "tuning/stopping_rule.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace thimble::tuning {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// Trials with these values after their last epoch, all others 0; numbered from `first` on.
std::vector<Curve> curves_at(std::size_t epoch, const std::vector<double>& values,
                             std::uint64_t first = 0, std::uint64_t stride = 1) {
  std::vector<Curve> curves;
  for (const double value : values) {
    curves.push_back({first + stride * curves.size(), std::vector<double>(epoch, 0)});
    curves.back().values.back() = value;
  }
  return curves;
}

Curve curve_at(std::uint64_t trial, std::size_t epoch, double value) {
  return curves_at(epoch, {value}, trial).front();
}

TEST(NoStopping, LetsEveryTrialGoOn) {
  const auto rule = make_no_stopping();
  EXPECT_FALSE(rule->should_stop(curve_at(3, 1, 0.1), curves_at(8, {0.9, 0.8, 0.7})));
}

TEST(SuccessiveHalving, LetsOneThirdGoOnFromARung) {
  const auto rule = make_successive_halving({.max_epochs = 9});
  // 8 others and this one: the best 3 of 9 go on.
  const auto others = curves_at(1, {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8});
  EXPECT_FALSE(rule->should_stop(curve_at(8, 1, 0.65), others));
  EXPECT_TRUE(rule->should_stop(curve_at(8, 1, 0.55), others));
  // As good as the third counts as the third.
  EXPECT_FALSE(rule->should_stop(curve_at(8, 1, 0.6), others));
}

TEST(SuccessiveHalving, LetsTheFirstGoOnAndThenOnlyTheBestOfFew) {
  const auto rule = make_successive_halving({.max_epochs = 9});
  EXPECT_FALSE(rule->should_stop(curve_at(0, 1, 0.1), {}));
  EXPECT_FALSE(rule->should_stop(curve_at(1, 1, 0.2), curves_at(1, {0.1})));
  EXPECT_TRUE(rule->should_stop(curve_at(1, 1, 0.05), curves_at(1, {0.1})));
  // 5 at the rung: one goes on; 6: two.
  EXPECT_TRUE(rule->should_stop(curve_at(4, 1, 0.35), curves_at(1, {0.1, 0.2, 0.3, 0.4})));
  EXPECT_FALSE(rule->should_stop(curve_at(5, 1, 0.35), curves_at(1, {0.1, 0.2, 0.3, 0.4, 0.0})));
}

TEST(SuccessiveHalving, ComparesAtRungsOnly) {
  const std::vector<Curve> others = {{0, std::vector<double>(27, 0.9)}};
  const auto stops_at = [&](const HalvingOptions& options) {
    const auto rule = make_successive_halving(options);
    std::vector<std::size_t> epochs;
    for (std::size_t epoch = 1; epoch <= static_cast<std::size_t>(options.max_epochs); ++epoch) {
      if (rule->should_stop({1, std::vector<double>(epoch, 0.1)}, others)) epochs.push_back(epoch);
    }
    return epochs;
  };
  EXPECT_THAT(stops_at({.max_epochs = 8}), ElementsAre(1, 3));
  EXPECT_THAT(stops_at({.max_epochs = 9}), ElementsAre(1, 3));  // after the last there is no more
  EXPECT_THAT(stops_at({.max_epochs = 10}), ElementsAre(1, 3, 9));
  EXPECT_THAT(stops_at({.max_epochs = 27, .min_epochs = 2, .factor = 4}), ElementsAre(2, 8));
  EXPECT_THAT(stops_at({.max_epochs = 1}), ElementsAre());
}

TEST(SuccessiveHalving, ComparesAtTheSameEpochWithTrialsThatGotThere) {
  const auto rule = make_successive_halving({.max_epochs = 9});
  // At epoch 3 the others had 0.5 and 0.6; the third never got there.
  const std::vector<Curve> others = {{0, {0.1, 0.2, 0.5, 0.9}}, {1, {0.1, 0.2, 0.6}}, {2, {0.9}}};
  EXPECT_FALSE(rule->should_stop({3, {0.0, 0.0, 0.7}}, others));
  EXPECT_TRUE(rule->should_stop({3, {0.8, 0.8, 0.55}}, others));
}

TEST(SuccessiveHalving, StopsWhatIsNoNumber) {
  const auto rule = make_successive_halving({.max_epochs = 9});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(rule->should_stop({0, {nan}}, {}));
  // It reached the rung all the same: the best of two goes on, the second best does not.
  const std::vector<Curve> others = {{0, {nan}}, {1, {0.5}}};
  EXPECT_FALSE(rule->should_stop({2, {0.6}}, others));
  EXPECT_TRUE(rule->should_stop({2, {0.4}}, others));
}

TEST(Hyperband, TakesTurnsAsTheAlgorithmShares) {
  // R = 9, factor 3: brackets of 9, 5 and 3 trials, first rungs at 1, 3 and 9 (no halving).
  const auto rule = make_hyperband({.max_epochs = 9});
  std::map<std::vector<std::size_t>, int> trials;
  for (std::uint64_t trial = 0; trial < 17; ++trial) {
    // Against trials of every bracket that were better all along.
    std::vector<Curve> others;
    for (std::uint64_t other = 17; other < 34; ++other) others.push_back({other, {9, 9, 9, 9}});
    std::vector<std::size_t> stops;
    for (std::size_t epoch = 1; epoch <= 9; ++epoch) {
      if (rule->should_stop({trial, std::vector<double>(epoch, 0.1)}, others)) {
        stops.push_back(epoch);
      }
    }
    ++trials[stops];
  }
  const std::map<std::vector<std::size_t>, int> expected = {{{1, 3}, 9}, {{3}, 5}, {{}, 3}};
  EXPECT_EQ(trials, expected);
}

TEST(Hyperband, ComparesWithinABracket) {
  const auto rule = make_hyperband({.max_epochs = 9});
  // Trial 0 begins a round in the bracket of most halving; trial 17 is the next round's.
  EXPECT_TRUE(rule->should_stop({17, {0.1}}, std::vector<Curve>{{0, {0.9}}}));
  // Trial 1 is in the second bracket: not compared after epoch 1, nor with trial 0 after epoch 3.
  EXPECT_FALSE(rule->should_stop({18, {0.1}}, std::vector<Curve>{{0, {0.9}}, {1, {0.9}}}));
  EXPECT_FALSE(rule->should_stop({18, {0.1, 0.1, 0.1}}, std::vector<Curve>{{0, {0.9, 0.9, 0.9}}}));
  EXPECT_TRUE(rule->should_stop({18, {0.1, 0.1, 0.1}}, std::vector<Curve>{{1, {0.9, 0.9, 0.9}}}));
}

TEST(Hyperband, WithOneEpochHasNothingToStop) {
  const auto rule = make_hyperband({.max_epochs = 1});
  EXPECT_FALSE(rule->should_stop({5, {0.1}}, std::vector<Curve>{{0, {0.9}}}));
}

TEST(StoppingRule, IsMadeByName) {
  const std::vector<Curve> others = {{0, {0.9}}};
  EXPECT_FALSE(make_stopping_rule("none", {})->should_stop({17, {0.1}}, others));
  EXPECT_TRUE(make_stopping_rule("halving", {})->should_stop({17, {0.1}}, others));
  EXPECT_TRUE(make_stopping_rule("hyperband", {})->should_stop({17, {0.1}}, others));
  EXPECT_THAT([] { make_stopping_rule("hyperbend", {}); },
              ThrowsMessage<UsageError>(
                  HasSubstr("unknown stopping rule 'hyperbend'; did you mean 'hyperband'?")));
}

TEST(StoppingRule, RefusesOptionsOutOfRange) {
  EXPECT_THAT([] { make_successive_halving({.min_epochs = 0}); },
              ThrowsMessage<UsageError>("the first rung is at epoch 0, expected at least 1"));
  EXPECT_THAT(
      [] { make_hyperband({.max_epochs = 4, .min_epochs = 5}); },
      ThrowsMessage<UsageError>("the first rung is at epoch 5, expected at most the 4 of a trial"));
  EXPECT_THAT([] { make_hyperband({.factor = 1}); },
              ThrowsMessage<UsageError>("halving factor 1: expected at least 2"));
}

}  // namespace
}  // namespace thimble::tuning
