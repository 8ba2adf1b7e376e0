#include "models/tree.hpp"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "estimator_checks.hpp"

namespace thimble {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// Samples that a tree cannot separate where a leaf needs a few of them.
DrawnSamples muddled_samples() {
  DrawnSamples drawn(200);
  for (std::size_t i = 0; i < drawn.labels.size(); i += 7) drawn.labels[i] = 1;
  return drawn;
}

TEST(TreeModel, SurvivesItsFile) {
  const DrawnSamples drawn = muddled_samples();
  for (const auto& features : {drawn.features(), drawn.float_features()}) {
    const auto model = fitted<TreeEstimator>({{"min_samples_leaf", 3}}, features, drawn.labels);
    const auto loaded = reloaded(model, drawn.dims);
    EXPECT_EQ(probabilities_of(loaded, features), probabilities_of(model, features));
    EXPECT_EQ(loaded.summary(), model.summary());
    EXPECT_THAT(loaded.summary(), HasSubstr(" of 5 features used; most of all "));
  }
}

TEST(TreeModel, SurvivesItsFileWithoutASplit) {
  const DrawnSamples drawn;
  const std::vector<std::int32_t> labels(drawn.labels.size(), 3);
  const auto model = fitted<TreeEstimator>(json::object(), drawn.features(), labels);
  const auto loaded = reloaded(model, drawn.dims);
  const std::vector<float> found = probabilities_of(loaded, drawn.features());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i], i % 4 == 3 ? 1.0F : 0.0F);
}

TEST(TreeModel, KeepsThresholdsOfBytesAsBytes) {
  const DrawnSamples drawn;
  ModelFile file;
  fitted<TreeEstimator>(json::object(), drawn.features(), drawn.labels).save(file);
  EXPECT_EQ(file.tensors.at("trees.threshold").type, TensorType::u8);
  const auto model = fitted<TreeEstimator>(json::object(), drawn.float_features(), drawn.labels);
  model.save(file);
  EXPECT_EQ(file.tensors.at("trees.threshold").type, TensorType::f32);
  EXPECT_THROW(probabilities_of(model, drawn.features()), ShapeError);
}

TEST(TreeModel, SpellsItsSettingsOut) {
  const json expected = {{"criterion", "gini"},         {"splitter", "best"},
                         {"max_depth", "none"},         {"min_samples_split", 2},
                         {"min_samples_leaf", 1},       {"max_features", "all"},
                         {"min_impurity_decrease", 0.0}};
  EXPECT_EQ(TreeEstimator(json::object(), 1).settings(), expected);
  EXPECT_EQ(TreeEstimator(expected, 1).settings(), expected);
}

TEST(TreeModel, ReportsWhatItGrew) {
  const DrawnSamples drawn;
  const auto features = drawn.features();
  TreeEstimator model({{"max_depth", 1}}, 1);
  Progress progress;
  const FitReport report = model.fit({features, drawn.labels, 4}, nullptr, progress);
  EXPECT_EQ(report.stopped_because, "the tree is grown");
  EXPECT_EQ(report.details, json({{"trees", 1}, {"leaves", 2}, {"depth", 1}}));
}

TEST(TreeModel, RefusesSettings) {
  const auto refused = [](const json& model) { return settings_refusal<TreeEstimator>(model); };
  EXPECT_THAT(refused({{"criterion", "ginni"}}), HasSubstr("did you mean \"gini\"?"));
  EXPECT_THAT(refused({{"splitter", "worst"}}), HasSubstr("model.splitter"));
  EXPECT_THAT(refused({{"max_depth", 0}}), HasSubstr("model.max_depth: got 0, expected \"none\""));
  EXPECT_THAT(refused({{"max_depth", 2.5}}), HasSubstr("model.max_depth: got 2.5"));
  EXPECT_THAT(refused({{"max_depth", "deep"}}), HasSubstr("model.max_depth"));
  EXPECT_THAT(refused({{"min_samples_split", 1}}), HasSubstr("got 1, expected 2 or more"));
  EXPECT_THAT(refused({{"min_samples_leaf", 0}}), HasSubstr("got 0, expected 1 or more"));
  EXPECT_THAT(refused({{"max_features", "root"}}),
              HasSubstr("got \"root\", expected \"all\", \"sqrt\", \"log2\", a whole number"));
  EXPECT_THAT(refused({{"max_features", 0}}), HasSubstr("model.max_features"));
  EXPECT_THAT(refused({{"max_features", 1.5}}), HasSubstr("model.max_features"));
  EXPECT_THAT(refused({{"max_features", -3}}), HasSubstr("model.max_features"));
  EXPECT_THAT(refused({{"min_impurity_decrease", -0.1}}), HasSubstr("expected 0 or more"));
  EXPECT_THAT(refused({{"max_dept", 3}}), HasSubstr("did you mean 'model.max_depth'?"));
  EXPECT_EQ(refused({{"criterion", "log_loss"}, {"max_features", 0.5}, {"max_depth", 7}}), "taken");
}

template <class T>
Tensor changed(const Tensor& tensor, std::size_t at, T value) {
  std::vector<T> values(tensor.as<T>().begin(), tensor.as<T>().end());
  values.at(at) = value;
  return Tensor::from(std::span<const T>(values), tensor.shape);
}

TEST(TreeModel, RefusesTamperedFiles) {
  const DrawnSamples drawn = muddled_samples();
  const auto model =
      fitted<TreeEstimator>({{"min_samples_leaf", 3}}, drawn.features(), drawn.labels);
  const auto refused = [&](const auto& tamper) {
    return refusal(model, drawn.dims, [&](ModelFile& file) { tamper(file.tensors); });
  };
  const auto with = [&](const std::string& name, std::size_t at, auto value) {
    return refused([&](auto& tensors) { tensors[name] = changed(tensors[name], at, value); });
  };
  EXPECT_THAT(with("trees.left", 0, 0), HasSubstr("model: node 0 leads to node 0"));
  EXPECT_THAT(with("trees.right", 1, 1), HasSubstr("node 1 leads to node 1"));
  EXPECT_THAT(with("trees.right", 0, 1 << 30), HasSubstr("leads to node"));
  EXPECT_THAT(with("trees.left", 0, -(1 << 30)), HasSubstr("leads to leaf"));
  EXPECT_THAT(with("trees.root", 0, 1 << 20), HasSubstr("tree 0 leads to node"));
  EXPECT_THAT(with("trees.feature", 0, 5), HasSubstr("asks for feature 5, of 5"));
  EXPECT_THAT(with("trees.feature", 0, -1), HasSubstr("asks for feature"));
  EXPECT_THAT(with("trees.distribution", 0, 2.0F), HasSubstr("the probability 2"));
  EXPECT_THAT(with("trees.importance", 0, std::nan("")), HasSubstr("importance nan"));
  EXPECT_THAT(with("trees.importance", 0, 0.999), HasSubstr("importances sum to"));
  EXPECT_THAT(refused([](auto& tensors) { tensors.erase("trees.root"); }),
              HasSubstr("trees.root is missing"));
  EXPECT_THAT(refused([](auto& tensors) { tensors["trees.threshold"] = tensors["trees.left"]; }),
              HasSubstr("trees.threshold"));
  EXPECT_THAT(refused([](auto& tensors) {
                tensors["trees.right"] =
                    Tensor::from(std::span<const std::int32_t>(std::vector{-1}), {1});
              }),
              HasSubstr("trees.right is [1]"));
}

}  // namespace
}  // namespace thimble
