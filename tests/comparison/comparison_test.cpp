#include "comparison/comparison.hpp"

#include <gtest/gtest.h>

#include "comparison/compared_models.hpp"

namespace thimble {
namespace {

using testing::two_data_sets;

TEST(CompareModels, SortsByAccuracyAndTestsEveryPair) {
  const Comparison comparison = two_data_sets();
  const DataComparison& hard = comparison.data[0];
  ASSERT_EQ(hard.models.size(), 3u);
  EXPECT_EQ(hard.models[0].name, "good");
  EXPECT_EQ(hard.models[1].name, "fair");
  EXPECT_EQ(hard.models[2].name, "poor");
  EXPECT_DOUBLE_EQ(hard.models[0].evaluation.accuracy, 0.95);
  ASSERT_EQ(hard.pairs.size(), 3u);
  const ModelPair& pair = hard.pair(2, 0);
  EXPECT_EQ(pair.first, 0u);
  EXPECT_EQ(pair.second, 2u);
  EXPECT_EQ(pair.counts, (PairedCounts{40, 55, 0, 5}));
  EXPECT_NEAR(pair.difference, 0.55, 1e-12);
  EXPECT_TRUE(pair.is_real());
  EXPECT_GE(pair.p_adjusted, pair.p);
  EXPECT_FALSE(comparison.data[1].pair(0, 1).is_real());
}

TEST(CompareModels, EqualsStayInThePlansOrder) {
  const Dataset data = testing::hundred_pictures();
  const DataComparison result =
      compare_models("x", data, {testing::wrong_on("b", data, 4), testing::wrong_on("a", data, 4)});
  EXPECT_EQ(result.models[0].name, "b");
  EXPECT_EQ(result.pair(0, 1).p_adjusted, 1);
}

TEST(CompareModels, AsJson) {
  const nlohmann::json json = to_json(two_data_sets());
  EXPECT_EQ(json.at("quick"), false);
  EXPECT_TRUE(json.at("seed").is_null());
  const auto& hard = json.at("data")[0];
  EXPECT_EQ(hard.at("name"), "hard");
  EXPECT_EQ(hard.at("models")[0].at("model"), "good");
  EXPECT_DOUBLE_EQ(hard.at("models")[0].at("accuracy").get<double>(), 0.95);
  EXPECT_EQ(hard.at("models")[0].at("classes").size(), 3u);
  EXPECT_EQ(hard.at("models")[0].at("training").at("seconds"), 1.5);
  EXPECT_EQ(hard.at("pairs").size(), 3u);
  EXPECT_EQ(hard.at("pairs")[0].at("real"), true);
  EXPECT_EQ(hard.at("disagreement").at("right_by"), nlohmann::json({5, 35, 20, 40}));
  EXPECT_EQ(json.at("contrast").at("easier"), "easy");
}

}  // namespace
}  // namespace thimble
