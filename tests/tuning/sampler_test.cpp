#include "tuning/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace thimble::tuning {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::ThrowsMessage;

using Function = std::function<double(const Assignment&)>;

double number(const Assignment& settings, const char* key) {
  return settings.at(key).get<double>();
}

/// Branin's function, its sign turned: three equal optima of -0.397887.
double branin(const Assignment& settings) {
  constexpr double pi = std::numbers::pi;
  const double x = number(settings, "x");
  const double y = number(settings, "y");
  const double hill = y - 5.1 / (4 * pi * pi) * x * x + 5 / pi * x - 6;
  return -(hill * hill + 10 * (1 - 1 / (8 * pi)) * std::cos(x) + 10);
}

constexpr const char* kBranin = "x = { low = -5.0, high = 10.0 }\ny = { low = 0.0, high = 15.0 }";

/// A learning rate, a batch size and a list of widths, with an optimum of 0 inside.
double mixed(const Assignment& settings) {
  const double rate = std::log10(number(settings, "rate")) + 2;
  const double batch = std::log2(number(settings, "batch")) - 7;
  const double layers = number(settings, "layers") - 3;
  const double grid = number(settings, "grid") - 0.3;
  const double name = settings.at("name") == "b" ? 0 : 1;
  return -(rate * rate + 0.1 * batch * batch + 0.2 * layers * layers + 4 * grid * grid + name);
}

constexpr const char* kMixed = R"(
rate = { low = 1e-5, high = 1.0, scale = "log" }
batch = { low = 8, high = 1024, scale = "log", whole = true }
layers = { low = 1, high = 8, step = 1 }
grid = { low = 0.0, high = 1.0, step = 0.1 }
name = ["a", "b", "c", "d", "e"]
)";

/// Each branch has a parameter of its own; the better one is the harder to tune.
double conditional(const Assignment& settings) {
  const double rate = std::log10(number(settings, "rate")) + 3;
  if (settings.at("name") == "sgd") {
    const double momentum = number(settings, "momentum") - 0.9;
    return -(rate * rate + 5 * momentum * momentum);
  }
  const double beta = number(settings, "beta") - 0.5;
  return -(1 + rate * rate + beta * beta);
}

constexpr const char* kConditional = R"(
name = ["sgd", "adam", "rmsprop"]
rate = { low = 1e-6, high = 1.0, scale = "log" }
momentum = { low = 0.0, high = 1.0, when = { name = "sgd" } }
beta = { low = 0.0, high = 1.0, when = { name = ["adam", "rmsprop"] } }
)";

double best_of(const Sampler& sampler, const Function& function, int trials) {
  std::vector<Observation> observations;
  for (int trial = 0; trial < trials; ++trial) {
    Observation next{sampler.suggest(static_cast<std::uint64_t>(trial), observations), 0, 1};
    next.value = function(next.settings);
    observations.push_back(next);
  }
  return std::ranges::max(observations, {}, &Observation::value).value;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// Medians over seeds of what is left to the optimum after so many trials: by TPE, and at random.
std::pair<double, double> gaps(const char* text, const Function& function, int trials,
                               double optimum) {
  const SearchSpace space = SearchSpace::parse(text, "text");
  std::vector<double> tpe;
  std::vector<double> random;
  for (std::uint64_t seed = 1; seed <= 9; ++seed) {
    tpe.push_back(optimum - best_of(*make_tpe_sampler(space, seed), function, trials));
    random.push_back(optimum - best_of(*make_random_sampler(space, seed), function, trials));
  }
  return {median(tpe), median(random)};
}

TEST(TpeSampler, ComesNearerToAnOptimumThanChance) {
  const auto [tpe_branin, random_branin] = gaps(kBranin, branin, 60, -0.397887);
  EXPECT_LT(tpe_branin, 0.5 * random_branin);
  const auto [tpe_mixed, random_mixed] = gaps(kMixed, mixed, 60, 0);
  EXPECT_LT(tpe_mixed, 0.5 * random_mixed);
  const auto [tpe_conditional, random_conditional] = gaps(kConditional, conditional, 60, 0);
  EXPECT_LT(tpe_conditional, 0.5 * random_conditional);
}

/// Trials drawn at random and judged by `function`.
std::vector<Observation> drawn(const SearchSpace& space, const Function& function,
                               std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<Observation> observations;
  while (observations.size() < count) {
    Observation next{space.sample(random), 0, 1};
    next.value = function(next.settings);
    observations.push_back(next);
  }
  return observations;
}

TEST(TpeSampler, DependsOnSeedNumberAndObservationsAlone) {
  const SearchSpace space = SearchSpace::parse(kConditional, "text");
  std::vector<Observation> observations = drawn(space, conditional, 30, 1);
  const auto sampler = make_tpe_sampler(space, 5);
  const Assignment settings = sampler->suggest(30, observations);
  EXPECT_EQ(make_tpe_sampler(space, 5)->suggest(30, observations), settings);
  std::ranges::reverse(observations);
  EXPECT_EQ(sampler->suggest(30, observations), settings);
  EXPECT_NE(sampler->suggest(31, observations), settings);
  EXPECT_NE(make_tpe_sampler(space, 6)->suggest(30, observations), settings);
}

TEST(TpeSampler, DrawsEvenlyAtFirst) {
  const SearchSpace space = SearchSpace::parse(kMixed, "text");
  const std::vector<Observation> few = drawn(space, mixed, 9, 1);
  EXPECT_EQ(make_tpe_sampler(space, 5)->suggest(9, few),
            make_random_sampler(space, 5)->suggest(9, few));
  const std::vector<Observation> enough = drawn(space, mixed, 10, 1);
  EXPECT_NE(make_tpe_sampler(space, 5)->suggest(9, enough),
            make_random_sampler(space, 5)->suggest(9, enough));
}

TEST(TpeSampler, ChoosesWhatLooksLikeTheGoodTrials) {
  const SearchSpace space = SearchSpace::parse("x = { low = 0.0, high = 1.0 }", "text");
  const auto near = [](const Assignment& s) { return -std::abs(number(s, "x") - 0.7); };
  const std::vector<Observation> observations = drawn(space, near, 40, 2);
  const std::vector<Assignment> candidates = {
      {{"x", 0.1}}, {{"x", 0.35}}, {{"x", 0.69}}, {{"x", 0.99}}};
  EXPECT_EQ(make_tpe_sampler(space, 1)->choose(40, candidates, observations), 2u);
}

TEST(TpeSampler, CallsTrialsThatWereStoppedEarlyBad) {
  const SearchSpace space = SearchSpace::parse("x = { low = 0.0, high = 1.0 }", "text");
  // Stopped after an epoch near 0.2, where values are larger; at their ends near 0.8.
  std::vector<Observation> observations;
  for (int i = 0; i < 20; ++i) {
    observations.push_back({{{"x", 0.2 + 0.005 * i}}, 0.9, 1});
    observations.push_back({{{"x", 0.8 + 0.005 * i}}, 0.5, 9});
  }
  const std::vector<Assignment> candidates = {{{"x", 0.25}}, {{"x", 0.85}}};
  EXPECT_EQ(make_tpe_sampler(space, 1)->choose(40, candidates, observations), 1u);
}

TEST(TpeSampler, LeavesOutWhatIsNoNumber) {
  const SearchSpace space = SearchSpace::parse("x = { low = 0.0, high = 1.0 }", "text");
  std::vector<Observation> observations;
  for (int i = 0; i < 20; ++i) {
    observations.push_back({{{"x", 0.2 + 0.005 * i}}, std::nan(""), 1});
    observations.push_back({{{"x", 0.8 + 0.005 * i}}, 0.5, 1});
  }
  const std::vector<Assignment> candidates = {{{"x", 0.25}}, {{"x", 0.85}}};
  EXPECT_EQ(make_tpe_sampler(space, 1)->choose(40, candidates, observations), 1u);
}

TEST(Sampler, TriesNothingTwiceWhileThereIsMore) {
  const SearchSpace space = SearchSpace::parse("x = [1, 2, 3]\ny = [\"a\", \"b\", \"c\"]", "text");
  for (const char* name : {"random", "tpe"}) {
    const auto sampler = make_sampler(name, space, 3);
    std::vector<Observation> observations;
    std::set<std::string> seen;
    for (std::uint64_t trial = 0; trial < 9; ++trial) {
      observations.push_back({sampler->suggest(trial, observations), 0.1, 1});
      seen.insert(json(observations.back().settings).dump());
    }
    EXPECT_EQ(seen.size(), 9u) << name;
    EXPECT_EQ(sampler->suggest(9, observations).size(), 2u) << name;  // used up: again
  }
}

TEST(RandomSampler, ChoosesEvenly) {
  const SearchSpace space = SearchSpace::parse("x = [1, 2, 3, 4]", "text");
  const auto sampler = make_random_sampler(space, 3);
  const std::vector<Assignment> candidates(4);
  std::vector<int> counts(4);
  for (std::uint64_t trial = 0; trial < 4000; ++trial) {
    ++counts[sampler->choose(trial, candidates, {})];
  }
  // Four standard deviations.
  for (const int count : counts) EXPECT_NEAR(count, 1000, 110);
}

TEST(Sampler, IsMadeByName) {
  const SearchSpace space = SearchSpace::parse("x = [1, 2]", "text");
  EXPECT_THAT([&] { make_sampler("tpa", space, 1); },
              ThrowsMessage<UsageError>(HasSubstr("unknown sampler 'tpa'")));
  EXPECT_THAT([&] { make_tpe_sampler(space, 1, {.gamma = 1.5}); },
              ThrowsMessage<UsageError>(HasSubstr("gamma 1.5")));
}

}  // namespace
}  // namespace thimble::tuning
