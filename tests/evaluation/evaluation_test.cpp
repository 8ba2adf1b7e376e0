#include "evaluation/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "evaluation/stored_cases.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::HasSubstr;
using testing::probabilities_of;
using testing::StoredCase;

std::vector<std::string> names(std::size_t n) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < n; ++i) result.push_back("class " + std::to_string(i));
  return result;
}

class EvaluateStoredCase : public ::testing::TestWithParam<StoredCase> {};

TEST_P(EvaluateStoredCase, AgreesWithScikitLearn) {
  const auto& [name, probabilities, labels, expected] = GetParam();
  const Evaluation e = evaluate(probabilities, labels, names(probabilities.classes()));

  EXPECT_EQ(e.samples, labels.size());
  EXPECT_EQ(e.accuracy, expected.at("accuracy").get<double>());
  EXPECT_NEAR(e.accuracy_interval.low, expected.at("accuracy_interval").at(0).get<double>(), 1e-14);
  EXPECT_NEAR(e.accuracy_interval.high, expected.at("accuracy_interval").at(1).get<double>(),
              1e-14);
  const double loss = expected.at("loss");
  EXPECT_NEAR(e.loss, loss, 1e-14 * std::max(1.0, loss));
  if (!expected.at("top_k").is_null()) {
    EXPECT_EQ(e.top_k, expected.at("top_k").get<std::vector<double>>());
  }
  for (std::size_t c = 0; c < e.classes.size(); ++c) {
    EXPECT_EQ(e.classes[c].precision, expected.at("precision").at(c).get<double>()) << c;
    EXPECT_EQ(e.classes[c].recall, expected.at("recall").at(c).get<double>()) << c;
    EXPECT_DOUBLE_EQ(e.classes[c].f1, expected.at("f1").at(c).get<double>()) << c;
    EXPECT_EQ(e.classes[c].support, expected.at("support").at(c).get<std::uint64_t>()) << c;
    for (std::size_t p = 0; p < e.classes.size(); ++p) {
      EXPECT_EQ(e.confusion_matrix.count(c, p),
                expected.at("confusion_matrix").at(c).at(p).get<std::uint64_t>());
    }
  }
  EXPECT_DOUBLE_EQ(e.macro.precision, expected.at("macro").at(0).get<double>());
  EXPECT_DOUBLE_EQ(e.macro.recall, expected.at("macro").at(1).get<double>());
  EXPECT_DOUBLE_EQ(e.macro.f1, expected.at("macro").at(2).get<double>());
  EXPECT_DOUBLE_EQ(e.weighted.precision, expected.at("weighted").at(0).get<double>());
  EXPECT_DOUBLE_EQ(e.weighted.recall, expected.at("weighted").at(1).get<double>());
  EXPECT_DOUBLE_EQ(e.weighted.f1, expected.at("weighted").at(2).get<double>());
}

std::string case_name(const ::testing::TestParamInfo<StoredCase>& info) {
  std::string name = info.param.name;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Reference, EvaluateStoredCase,
                         ::testing::ValuesIn(testing::stored_cases()), case_name);

TEST(Evaluate, TiesGoToTheLowerClass) {
  const auto probabilities = probabilities_of({{0.4f, 0.4f, 0.2f}, {0.2f, 0.4f, 0.4f}});
  const Evaluation e = evaluate(probabilities, std::vector{1, 1}, names(3));
  EXPECT_EQ(e.accuracy, 0.5);
  EXPECT_EQ(e.top_k, (std::vector{0.5, 1.0, 1.0}));
  EXPECT_EQ(predicted_class(probabilities[1]), 1u);
  EXPECT_EQ(top_classes(probabilities[1], 2), (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(top_classes(probabilities[0], 9), (std::vector<std::size_t>{0, 1, 2}));
}

TEST(Evaluate, RefusesWhatDoesNotFitTogether) {
  const auto two = probabilities_of({{0.5f, 0.5f}, {0.5f, 0.5f}});
  EXPECT_THROW(evaluate(two, std::vector{0}, names(2)), ShapeError);
  EXPECT_THROW(evaluate(two, std::vector{0, 1}, names(3)), ShapeError);
  EXPECT_THROW(evaluate(Probabilities(), {}, names(2)), DataError);
  EXPECT_THAT(message_of<DataError>([&] {
                evaluate(two, std::vector{0, 2}, names(2));
              }),
              HasSubstr("sample 1: label 2, expected 0 to 1"));
  EXPECT_THAT(message_of<DataError>([&] {
                evaluate(two, std::vector{0, -1}, names(2));
              }),
              HasSubstr("label -1"));
}

TEST(Evaluate, RefusesProbabilitiesThatAreNone) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  for (float bad : {kNan, -0.1f, 1.5f, std::numeric_limits<float>::infinity()}) {
    const auto rows = probabilities_of({{0.5f, 0.5f}, {0.5f, bad}});
    EXPECT_THAT(message_of<DataError>([&] {
                  evaluate(rows, std::vector{0, 1}, names(2));
                }),
                HasSubstr("sample 1: the model gives 'class 1' the probability"));
  }
}

TEST(Evaluate, CertainAndWrongHasAFiniteLoss) {
  const auto rows = probabilities_of({{1.0f, 0.0f}});
  const double loss = evaluate(rows, std::vector{1}, names(2)).loss;
  EXPECT_NEAR(loss, -std::log(std::numeric_limits<float>::epsilon()), 1e-6);
}

TEST(Evaluate, JsonHasTheDocumentedKeys) {
  Evaluation e = evaluate(probabilities_of({{0.7f, 0.2f, 0.1f}, {0.3f, 0.3f, 0.4f}}),
                          std::vector{0, 1}, names(3));
  e.model = {{"name", "cnn"}};
  const nlohmann::json json = to_json(e);
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  EXPECT_THAT(keys, ::testing::UnorderedElementsAre(
                        "accuracy", "accuracy_interval", "balanced_accuracy", "cohen_kappa",
                        "matthews_correlation", "loss", "top_k", "macro", "weighted", "classes",
                        "confusion_matrix", "samples", "model", "data"));
  EXPECT_EQ(json.at("accuracy"), 0.5);
  EXPECT_EQ(json.at("top_k").at("2"), 0.5);
  EXPECT_EQ(json.at("top_k").at("3"), 1.0);
  EXPECT_EQ(json.at("samples"), 2);
  EXPECT_EQ(json.at("model").at("name"), "cnn");
  EXPECT_EQ(json.at("classes").at(1).at("name"), "class 1");
  EXPECT_EQ(json.at("classes").at(1).at("support"), 1);
  EXPECT_EQ(json.at("confusion_matrix"), nlohmann::json::parse("[[1,0,0],[0,0,1],[0,0,0]]"));
  EXPECT_EQ(json.at("accuracy_interval").size(), 2u);
}

RC_GTEST_PROP(Evaluate, HoldsItsOwnRules, ()) {
  const auto classes = *rc::gen::inRange<std::size_t>(1, 8);
  const auto n = *rc::gen::inRange<std::size_t>(1, 40);
  Probabilities probabilities(n, classes);
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < n; ++i) {
    float sum = 0;
    for (float& p : probabilities[i]) {
      p = static_cast<float>(*rc::gen::inRange(1, 6));  // few values: many ties
      sum += p;
    }
    for (float& p : probabilities[i]) p /= sum;
    labels.push_back(*rc::gen::inRange(0, static_cast<int>(classes)));
  }
  const Evaluation e = evaluate(probabilities, labels, names(classes));
  RC_ASSERT(e.top_k.front() == e.accuracy);
  RC_ASSERT(std::is_sorted(e.top_k.begin(), e.top_k.end()));
  if (classes <= kLargestTopK) RC_ASSERT(e.top_k.back() == 1.0);
  RC_ASSERT(e.loss >= 0);
  // The weighted recall is the accuracy.
  RC_ASSERT(std::abs(e.weighted.recall - e.accuracy) < 1e-12);
  RC_ASSERT(e.confusion_matrix.total() == n);
}

}  // namespace
}  // namespace thimble
