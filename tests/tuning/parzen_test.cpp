#include "tuning/parzen.hpp"

#include <cmath>
#include <fstream>
#include <map>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thimble::tuning {
namespace {

using nlohmann::json;

/// The density of one parameter x.
struct One {
  One(const std::string& leaf, const json& seen, double prior_weight = 1)
      : space(SearchSpace::parse("x = " + leaf, "text")) {
    for (const json& value : seen) settings.push_back({{"x", value}});
    std::vector<const Assignment*> trials;
    for (const Assignment& trial : settings) trials.push_back(&trial);
    density.emplace(space, trials, prior_weight);
  }
  double log(const json& value) const { return density->log_density({{"x", value}}); }

  SearchSpace space;
  std::vector<Assignment> settings;
  std::optional<ParzenDensity> density;
};

// tests/reference/make_tuning_reference.py
TEST(ParzenDensity, SaysAsOptunaWhatIsLikelyGood) {
  std::ifstream file(THIMBLE_TEST_DATA "/tuning_reference.json");
  const json cases = json::parse(file);
  ASSERT_EQ(cases.size(), 21u);
  for (const json& c : cases) {
    const std::string space = c.at("space").get<std::string>();
    const double prior_weight = c.at("prior_weight").get<double>();
    const One good(space, c.at("good"), prior_weight);
    const One others(space, c.at("others"), prior_weight);
    for (std::size_t i = 0; i < c.at("values").size(); ++i) {
      const json& value = c.at("values")[i];
      EXPECT_NEAR(good.log(value) - others.log(value), c.at("log_ratio")[i].get<double>(), 1e-7)
          << space << " with " << value;
    }
  }
}

TEST(ParzenDensity, IsADensity) {
  const One real("{ low = 0.0, high = 1.0 }", {0.02, 0.5, 0.55});
  double sum = 0;
  for (int i = 0; i < 1000; ++i) sum += std::exp(real.log((i + 0.5) / 1000)) / 1000;
  EXPECT_NEAR(sum, 1, 1e-5);
  for (const char* leaf : {"{ low = 1, high = 30, scale = \"log\", whole = true }",
                           "{ low = 1, high = 30, whole = true }"}) {
    const One whole(leaf, {1, 9});
    sum = 0;
    for (int value = 1; value <= 30; ++value) sum += std::exp(whole.log(value));
    EXPECT_NEAR(sum, 1, 1e-12) << leaf;
  }
}

TEST(ParzenDensity, IsDrawnFrom) {
  const One whole("{ low = 0, high = 3, whole = true }", {1, 2});
  const One letter("[\"a\", \"b\", \"c\"]", {"b", "b", "c"});
  Random random(5);
  std::map<json, double> shares;
  constexpr int kDraws = 10000;
  for (int i = 0; i < kDraws; ++i) {
    shares[whole.density->sample(random).at("x")] += 1.0 / kDraws;
    shares[letter.density->sample(random).at("x")] += 1.0 / kDraws;
  }
  // Four standard deviations of a share of a half.
  for (const auto& [value, share] : shares) {
    EXPECT_NEAR(share, std::exp(value.is_string() ? letter.log(value) : whole.log(value)), 0.02);
  }
  EXPECT_EQ(shares.size(), 7u);
}

TEST(ParzenDensity, TreatsWhatWasNotInForceAsEven) {
  const SearchSpace space = SearchSpace::parse(R"(
    name = ["sgd", "adam"]
    momentum = { low = 0.0, high = 1.0, when = { name = "sgd" } })",
                                               "text");
  const Assignment adam = {{"name", "adam"}};
  const Assignment sgd = {{"name", "sgd"}, {"momentum", 0.9}};
  const std::vector<const Assignment*> trials = {&adam, &adam};
  const ParzenDensity density(space, trials, 1);
  // Nothing is known of momentum: its factor is 1 in adam's kernels, and the wide normal
  // distribution about the middle in the last.
  const ParzenDensity none(space, {}, 1);
  const double last = std::exp(none.log_density(sgd)) / 0.5;
  // A choice's kernel of two trials with prior weight 1 leaves 1/3 to each of two values.
  const double other = (1.0 / 3) / (5.0 / 3);
  EXPECT_NEAR(std::exp(density.log_density(sgd)), (2 * other + 0.5 * last) / 3, 1e-12);
  EXPECT_NEAR(std::exp(density.log_density(adam)), (2 * (1 - other) + 0.5) / 3, 1e-12);
}

}  // namespace
}  // namespace thimble::tuning
