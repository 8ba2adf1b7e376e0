#include "comparison/contrast.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "comparison/compared_models.hpp"
#include "comparison/findings.hpp"

namespace thimble {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Contrast, FindsWhatTheEasierDataHides) {
  const Comparison comparison = testing::two_data_sets();
  const auto contrast = find_contrast(comparison);
  ASSERT_TRUE(contrast);
  EXPECT_EQ(contrast->easier, 1u);
  EXPECT_EQ(contrast->harder, 0u);
  EXPECT_THAT(contrast->models, ElementsAre("good", "fair", "poor"));
  EXPECT_NEAR(contrast->half_within_on_easier, 0.01, 1e-12);
  EXPECT_NEAR(contrast->half_within_on_harder, 0.35, 1e-12);
  EXPECT_EQ(contrast->pairs, 3u);
  EXPECT_EQ(contrast->real_on_easier, 2u);
  EXPECT_EQ(contrast->real_on_harder, 3u);
  ASSERT_EQ(contrast->hidden_pairs.size(), 1u);
  EXPECT_EQ(contrast->hidden_pairs[0].first, "good");
  EXPECT_EQ(contrast->hidden_pairs[0].second, "fair");
  EXPECT_NEAR(contrast->hidden_pairs[0].difference_on_easier, 0.01, 1e-12);
  EXPECT_NEAR(contrast->hidden_pairs[0].difference_on_harder, 0.35, 1e-12);
  EXPECT_THAT(finding_on_contrast(comparison, *contrast),
              HasSubstr("easy hides one difference that hard shows, good and fair above all (1.00 "
                        "points against 35.00 points)."));
}

TEST(Contrast, NeedsTwoDataSetsWithTwoModelsInCommon) {
  Comparison comparison = testing::two_data_sets();
  EXPECT_EQ(place_of(comparison.data[0], "poor"), 2u);
  EXPECT_EQ(place_of(comparison.data[0], "nobody"), std::nullopt);
  comparison.data.pop_back();
  EXPECT_FALSE(find_contrast(comparison));
  const Dataset data = testing::hundred_pictures();
  comparison.data.push_back(compare_models("other", data, {testing::wrong_on("new", data, 1)}));
  EXPECT_FALSE(find_contrast(comparison));
}

}  // namespace
}  // namespace thimble
