#include "classical/platt.hpp"

#include <cmath>
#include <fstream>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/random.hpp"

namespace thimble::classical {
namespace {

TEST(Platt, MaximisesTheLikelihood) {
  std::ifstream in(std::string(THIMBLE_TEST_DATA) + "/svm_reference.json");
  const auto expected = nlohmann::json::parse(in).at("sigmoid");
  const auto values = expected.at("values").get<std::vector<double>>();
  std::vector<char> positive;
  for (const bool is_first : expected.at("positive")) positive.push_back(is_first);
  const Sigmoid sigmoid = fit_sigmoid(values, positive);
  EXPECT_NEAR(sigmoid.A, expected.at("A").get<double>(), 1e-3);
  EXPECT_NEAR(sigmoid.B, expected.at("B").get<double>(), 1e-3);
}

TEST(Platt, IsNeverCertain) {
  const std::vector<double> values = {-2, -1, 1, 2};
  const std::vector<char> positive = {0, 0, 1, 1};
  const Sigmoid sigmoid = fit_sigmoid(values, positive);
  EXPECT_LT(sigmoid.A, 0);
  EXPECT_GT(sigmoid(2), 0.6);
  EXPECT_LT(sigmoid(2), 0.95);
}

TEST(Platt, TakesOneClassOnly) {
  const std::vector<double> values = {1, 1, 1};
  const std::vector<char> positive = {1, 1, 1};
  const Sigmoid sigmoid = fit_sigmoid(values, positive);
  EXPECT_GT(sigmoid(1), 0.5);
  EXPECT_LT(sigmoid(1), 1);
}

TEST(Platt, TakesNoValues) {
  const Sigmoid sigmoid = fit_sigmoid({}, {});
  EXPECT_NEAR(sigmoid(0), 0.5, 1e-9);
}

TEST(Sigmoid, DoesNotOverflow) {
  const Sigmoid sigmoid{-1, 0};
  EXPECT_EQ(sigmoid(1e6), 1);
  EXPECT_EQ(sigmoid(-1e6), 0);
  EXPECT_EQ(sigmoid(0), 0.5);
}

}  // namespace
}  // namespace thimble::classical
