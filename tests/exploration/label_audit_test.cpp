#include "exploration/label_audit.hpp"

#include <cmath>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "exploration/spots.hpp"

namespace thimble {
namespace {

TEST(JudgeLabels, CountsAsThePaperDoes) {
  const auto reference =
      nlohmann::json::parse(std::ifstream(THIMBLE_TEST_DATA "/label_audit_reference.json"));
  const std::vector<std::int32_t> labels = reference.at("labels");
  const std::size_t classes = reference.at("classes");
  Probabilities probabilities(labels.size(), classes);
  std::ranges::copy(reference.at("probabilities").get<std::vector<float>>(),
                    probabilities.values().begin());
  const LabelAudit audit = judge_labels(probabilities, labels);
  for (std::size_t k = 0; k + 1 < classes; ++k) {
    EXPECT_NEAR(audit.thresholds[k], reference.at("thresholds").at(k).get<double>(), 1e-7);
  }
  EXPECT_TRUE(std::isnan(audit.thresholds.back()));
  EXPECT_EQ(audit.confident_joint,
            reference.at("confident_joint").get<std::vector<std::uint64_t>>());
  double off_diagonal = 0;
  for (std::size_t i = 0; i < classes * classes; ++i) {
    const double expected = reference.at("joint").at(i);
    EXPECT_NEAR(audit.joint[i], expected, 1e-12);
    if (i / classes != i % classes) off_diagonal += expected;
  }
  EXPECT_NEAR(audit.estimated_errors, off_diagonal * static_cast<double>(labels.size()), 1e-9);
  std::vector<std::size_t> errors;
  for (const JudgedLabel& judged : audit.ranking) {
    if (judged.is_error) errors.push_back(judged.index);
  }
  EXPECT_THAT(errors, ::testing::UnorderedElementsAreArray(
                          reference.at("errors").get<std::vector<std::size_t>>()));
}

TEST(JudgeLabels, RanksByHowMuchLikelierAnotherClassIs) {
  Probabilities probabilities(4, 3);
  const float rows[] = {0.9F, 0.1F, 0.0F, 0.3F, 0.3F, 0.4F, 0.05F, 0.9F, 0.05F, 0.1F, 0.2F, 0.7F};
  std::ranges::copy(rows, probabilities.values().begin());
  const std::vector<std::int32_t> labels{0, 0, 0, 2};
  const LabelAudit audit = judge_labels(probabilities, labels);
  std::vector<std::size_t> order;
  for (const JudgedLabel& judged : audit.ranking) order.push_back(judged.index);
  EXPECT_THAT(order, ::testing::ElementsAre(2, 1, 3, 0));
  const JudgedLabel& first = audit.ranking.front();
  EXPECT_EQ(first.given, 0);
  EXPECT_EQ(first.suggested, 1);
  EXPECT_EQ(first.given_probability, 0.05F);
  EXPECT_EQ(first.suggested_probability, 0.9F);
  EXPECT_GT(first.score, 0);
  EXPECT_LT(audit.ranking.back().score, 0);
  EXPECT_EQ(audit.accuracy, 0.5);
  EXPECT_THROW(judge_labels(probabilities, std::vector<std::int32_t>(3)), ShapeError);
}

// What a model is sure to be impossible stays comparable.
TEST(JudgeLabels, ProbabilitiesOfZeroGiveFiniteScores) {
  Probabilities probabilities(2, 2);
  probabilities[0][1] = 1;
  probabilities[1][0] = 1;
  const LabelAudit audit = judge_labels(probabilities, std::vector<std::int32_t>{0, 0});
  EXPECT_EQ(audit.ranking[0].index, 0U);
  for (const JudgedLabel& judged : audit.ranking) EXPECT_TRUE(std::isfinite(judged.score));
}

TEST(AuditLabels, FindsWhatWasMislabelled) {
  Dataset dataset = testing::spots({4, 4, 1}, 120, 3);
  dataset.classes.push_back("class without samples");
  const std::vector<std::size_t> wrong{4, 33, 61, 119};
  for (const std::size_t i : wrong) dataset.labels[i] = (dataset.labels[i] + 1) % 3;
  LabelAuditOptions options;
  options.recipes = {parse_recipe("family = \"nearest-centroid\"\n", "test", "centroid"),
                     parse_recipe("family = \"naive-bayes\"\n", "test", "bayes")};
  options.folds = 3;
  const LabelAudit audit = audit_labels(dataset, options, nullptr);
  ASSERT_EQ(audit.ranking.size(), 120U);
  for (std::size_t rank = 0; rank < 120; ++rank) {
    const JudgedLabel& judged = audit.ranking[rank];
    const bool is_wrong = std::ranges::find(wrong, judged.index) != wrong.end();
    EXPECT_EQ(is_wrong, rank < 4) << rank;
    if (!is_wrong) continue;
    EXPECT_EQ(static_cast<std::size_t>(judged.suggested), judged.index % 3);
  }
  EXPECT_NEAR(audit.estimated_errors, 4, 1);
  EXPECT_NEAR(audit.accuracy, 116.0 / 120, 1e-9);
  EXPECT_THAT(audit.recipes, ::testing::ElementsAre("centroid", "bayes"));
  EXPECT_EQ(audit.folds, 3);
}

TEST(AuditLabels, RefusesWhatCannotBeJudged) {
  Dataset dataset = testing::spots({2, 2, 1}, 4, 4);
  EXPECT_THROW(audit_labels(dataset, {}, nullptr), DataError);
  dataset = testing::spots({2, 2, 1}, 8, 2);
  LabelAuditOptions options;
  options.recipes = {parse_recipe("family = \"nearest-centroid\"\n", "test", "centroid")};
  options.folds = 1;
  EXPECT_THROW(audit_labels(dataset, options, nullptr), UsageError);
}

TEST(AuditLabels, TheDefaultRecipesSuitPicturesOfAnySize) {
  for (const int side : {2, 10}) {
    const Dataset dataset = testing::spots({side, side, 1}, 4, 2);
    for (const Recipe& recipe : default_audit_recipes(dataset)) {
      make_classifier(recipe)->fit(dataset, {});
    }
  }
}

}  // namespace
}  // namespace thimble
