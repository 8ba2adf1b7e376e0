#include "models/forest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "estimator_checks.hpp"
#include "models/tree_settings.hpp"

namespace thimble {
namespace {

using nlohmann::json;
using testing::HasSubstr;

template <class Family>
class ForestModel : public testing::Test {};
using Families = testing::Types<ForestEstimator, ExtraTreesEstimator>;
TYPED_TEST_SUITE(ForestModel, Families);

TYPED_TEST(ForestModel, SurvivesItsFile) {
  const DrawnSamples drawn(200);
  const json settings = {{"n_estimators", 7}, {"bootstrap", true}, {"oob_score", true}};
  for (const auto& features : {drawn.features(), drawn.float_features()}) {
    const auto model = fitted<TypeParam>(settings, features, drawn.labels);
    const auto loaded = reloaded(model, drawn.dims);
    EXPECT_EQ(probabilities_of(loaded, features), probabilities_of(model, features));
    EXPECT_EQ(loaded.summary(), model.summary());
    EXPECT_THAT(loaded.summary(), HasSubstr("trees       7\n"));
    EXPECT_THAT(loaded.summary(), HasSubstr("out of bag  accuracy 9"));
  }
}

TYPED_TEST(ForestModel, GivesNothingToAClassWithoutSamples) {
  const DrawnSamples drawn;
  const auto model = fitted<TypeParam>({{"n_estimators", 5}}, drawn.features(), drawn.labels);
  const std::vector<float> found = probabilities_of(model, drawn.features());
  for (std::size_t i = 2; i < found.size(); i += 4) EXPECT_EQ(found[i], 0);
}

TYPED_TEST(ForestModel, ReportsTheScoreOutOfTheBag) {
  const DrawnSamples drawn;
  const auto features = drawn.features();
  TypeParam model({{"n_estimators", 6}, {"bootstrap", true}, {"oob_score", true}}, 1);
  Progress progress;
  const FitReport report = model.fit({features, drawn.labels, 4}, nullptr, progress);
  EXPECT_EQ(report.stopped_because, "all 6 trees are grown");
  EXPECT_EQ(report.details.at("trees"), 6);
  EXPECT_GT(report.details.at("oob_score"), 0.8);
}

TYPED_TEST(ForestModel, RefusesSettings) {
  const auto refused = [](const json& model) { return settings_refusal<TypeParam>(model); };
  EXPECT_THAT(refused({{"n_estimators", 0}}), HasSubstr("got 0, expected 1 or more"));
  EXPECT_THAT(refused({{"bootstrap", false}, {"oob_score", true}}),
              HasSubstr("model.oob_score: needs bootstrap = true"));
  EXPECT_THAT(refused({{"bootstrap", false}, {"max_samples", 10}}),
              HasSubstr("model.max_samples: needs bootstrap = true"));
  EXPECT_THAT(refused({{"max_samples", "sqrt"}}), HasSubstr("got \"sqrt\", expected \"all\""));
  EXPECT_THAT(refused({{"splitter", "best"}}), HasSubstr("model.splitter"));
  EXPECT_EQ(refused({{"bootstrap", true}, {"max_samples", 0.5}, {"n_estimators", 3}}), "taken");
}

TYPED_TEST(ForestModel, RefusesATamperedScore) {
  const DrawnSamples drawn;
  const auto model = fitted<TypeParam>({{"n_estimators", 2}}, drawn.features(), drawn.labels);
  EXPECT_THAT(refusal(model, drawn.dims,
                      [](ModelFile& file) {
                        const double score = 1.5;
                        file.tensors["trees.oob_score"] = Tensor::from(std::span(&score, 1), {1});
                      }),
              HasSubstr("an out-of-bag score of 1.5"));
}

TEST(ForestSettings, SpellsItsSettingsOut) {
  json expected = {{"criterion", "gini"},    {"max_depth", "none"},
                   {"min_samples_split", 2}, {"min_samples_leaf", 1},
                   {"max_features", "sqrt"}, {"min_impurity_decrease", 0.0},
                   {"n_estimators", 100},    {"bootstrap", true},
                   {"max_samples", "all"},   {"oob_score", false}};
  EXPECT_EQ(ForestEstimator(json::object(), 1).settings(), expected);
  expected["bootstrap"] = false;
  EXPECT_EQ(ExtraTreesEstimator(json::object(), 1).settings(), expected);
}

TEST(ForestSettings, CountsFeaturesAsScikitLearnDoes) {
  EXPECT_EQ(amount_of("sqrt", 784), 28u);
  EXPECT_EQ(amount_of("log2", 784), 9u);
  EXPECT_EQ(amount_of("log2", 1), 1u);
  EXPECT_EQ(amount_of("all", 784), 784u);
  EXPECT_EQ(amount_of(0.5, 7), 3u);
  EXPECT_EQ(amount_of(0.01, 7), 1u);
  EXPECT_EQ(amount_of(1.0, 7), 7u);
  EXPECT_EQ(amount_of(9, 7), 7u);
}

}  // namespace
}  // namespace thimble
