#include "tuning/importance.hpp"

#include <fstream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"

namespace thimble::tuning {
namespace {

using nlohmann::json;

Parameter range(const std::string& key, double low, double high, bool log = false) {
  Parameter parameter;
  parameter.key = key;
  parameter.low = low;
  parameter.high = high;
  parameter.log = log;
  return parameter;
}

Parameter whole(const std::string& key, double low, double high) {
  Parameter parameter = range(key, low, high);
  parameter.kind = Parameter::Kind::integer;
  return parameter;
}

Parameter choice(const std::string& key, std::vector<json> choices) {
  Parameter parameter;
  parameter.key = key;
  parameter.kind = Parameter::Kind::choice;
  parameter.choices = std::move(choices);
  return parameter;
}

std::map<std::string, double> shares_of(const std::vector<Importance>& found) {
  std::map<std::string, double> shares;
  for (const Importance& one : found) shares[one.key] = one.share;
  return shares;
}

/// Every pair of a 12 by 12 grid with the value a * x + b * y.
std::vector<Observation> plane(double a, double b) {
  std::vector<Observation> observations;
  for (int x = 0; x < 12; ++x) {
    for (int y = 0; y < 12; ++y) {
      observations.push_back({{{"x", x}, {"y", y / 11.0}}, a * x / 11 + b * y / 11, 1});
    }
  }
  return observations;
}

TEST(Importance, OfAPlaneIsAsItsSlopes) {
  const SearchSpace space({whole("x", 0, 11), range("y", 0, 1), range("unused", 0, 1)});
  std::vector<Observation> observations = plane(1, 2);
  Random random(5);
  for (Observation& one : observations) one.settings["unused"] = random.uniform();
  const std::vector<Importance> found = importance(space, observations, 1);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].key, "y");
  EXPECT_NEAR(found[0].share, 0.8, 0.06);
  EXPECT_NEAR(found[1].share, 0.2, 0.06);
  EXPECT_LT(found[2].share, 0.02);
  EXPECT_GT(found[0].deviation, 0);
  EXPECT_LT(found[0].deviation, 0.1);
}

TEST(Importance, IsNearOptunas) {
  const auto reference =
      json::parse(std::ifstream(THIMBLE_TEST_DATA "/importance_reference.json")).at("study");
  const SearchSpace space({range("rate", 0.001, 1, true), choice("name", {"sgd", "adamw", "lion"}),
                           whole("batch", 16, 256), range("momentum", 0, 0.99),
                           range("nothing", 0, 1)});
  std::vector<Observation> observations;
  for (const json& trial : reference.at("trials")) {
    observations.push_back(
        {trial.at("settings").get<Assignment>(), trial.at("value").get<double>(), 8});
  }
  const auto shares = shares_of(importance(space, observations, 1));
  for (const auto& [key, share] : reference.at("shares").items()) {
    EXPECT_NEAR(shares.at(key), share.get<double>(), 0.05) << key;
  }
}

TEST(Importance, WhatIsInForceBelongsToTheSettingThatDecidesIt) {
  Parameter momentum = range("momentum", 0, 1);
  momentum.condition = Condition{"name", {"sgd"}};
  const SearchSpace space({choice("name", {"sgd", "adamw"}), momentum});
  std::vector<Observation> observations;
  for (int i = 0; i < 40; ++i) {
    observations.push_back({{{"name", "adamw"}}, 0.9, 1});
    observations.push_back({{{"name", "sgd"}, {"momentum", i / 39.0}}, 0.5, 1});
  }
  auto shares = shares_of(importance(space, observations, 1));
  EXPECT_NEAR(shares.at("name"), 1, 1e-9);
  EXPECT_NEAR(shares.at("momentum"), 0, 1e-9);

  // The value is the momentum where that is in force, and its middle elsewhere.
  for (Observation& one : observations) {
    const auto found = one.settings.find("momentum");
    one.value = found == one.settings.end() ? 0.5 : found->second.get<double>();
  }
  shares = shares_of(importance(space, observations, 1));
  EXPECT_GT(shares.at("momentum"), shares.at("name"));
}

TEST(Importance, IsTheSameForASeed) {
  const SearchSpace space({whole("x", 0, 11), range("y", 0, 1)});
  const std::vector<Observation> observations = plane(1, 1);
  const auto first = shares_of(importance(space, observations, 3));
  EXPECT_EQ(first, shares_of(importance(space, observations, 3)));
  EXPECT_NE(first, shares_of(importance(space, observations, 4)));
}

TEST(Importance, OfTooLittleIsNothing) {
  const SearchSpace space({whole("x", 0, 11), range("y", 0, 1)});
  EXPECT_TRUE(importance(space, {}, 1).empty());
  std::vector<Observation> observations = plane(1, 1);
  EXPECT_TRUE(importance(space, std::span(observations).first(3), 1).empty());
  for (Observation& one : observations) one.value = 0.7;
  EXPECT_TRUE(importance(space, observations, 1).empty());
}

}  // namespace
}  // namespace thimble::tuning
