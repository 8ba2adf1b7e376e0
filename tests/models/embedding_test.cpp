#include "models/embedding.hpp"

#include <cmath>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "data/synthetic.hpp"
#include "models/neural.hpp"

namespace thimble {
namespace {

using testing::HasSubstr;

const DatasetSplits& data() {
  static const DatasetSplits splits = make_synthetic({60, 37, 5, {12, 10, 1}});
  return splits;
}

std::unique_ptr<Classifier> trained(const std::string& text) {
  auto model = make_classifier(parse_recipe(text, "test", "small"));
  model->fit(data().train, {});
  return model;
}

std::string network(const std::string& layers, const std::string& precision = "fp32") {
  return "family = \"neural\"\n[model]\nlayers = " + layers +
         "\n[training]\nepochs = 1\nbatch_size = 32\nprecision = \"" + precision + "\"\n";
}

constexpr char kConvolutional[] =
    R"(["conv 4 3", "batch_norm", "relu", "max_pool 2", "flatten", "dropout 0.1", "dense classes"])";
constexpr char kPerceptron[] = R"(["flatten", "dense 24", "relu", "dense classes"])";

/// The last dense layer and the softmax, by hand.
std::vector<double> answer(const nn::ParameterValues& parameters, const float* embedding,
                           std::size_t dims, std::size_t classes) {
  const auto& weights = parameters[parameters.size() - 2].values;
  const auto& bias = parameters.back().values;
  std::vector<double> values(classes);
  double sum = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    double logit = static_cast<double>(bias[c]);
    for (std::size_t d = 0; d < dims; ++d) {
      logit += static_cast<double>(weights[c * dims + d]) * static_cast<double>(embedding[d]);
    }
    sum += values[c] = std::exp(logit);
  }
  for (double& value : values) value /= sum;
  return values;
}

TEST(Embedder, GivesWhatTheLastDenseLayerTakes) {
  for (const auto& [layers, dims] : {std::pair(kConvolutional, std::size_t{4 * 5 * 4}),
                                     std::pair(kPerceptron, std::size_t{24})}) {
    const auto model = trained(network(layers));
    const Embedder embedder(*model);
    ASSERT_EQ(embedder.dims(), dims);
    EXPECT_EQ(embedder.input(), data().train.images.shape());
    const Images& pictures = data().test->images;
    const auto values = embedder.embed(pictures);
    ASSERT_EQ(values.size(), pictures.size() * dims);
    const auto expected = model->predict_proba(pictures);
    const auto& parameters = dynamic_cast<const NeuralClassifier&>(*model).network().parameters();
    for (std::size_t i = 0; i < pictures.size(); ++i) {
      const auto by_hand = answer(parameters, &values[i * dims], dims, expected.classes());
      for (std::size_t c = 0; c < by_hand.size(); ++c) {
        EXPECT_NEAR(by_hand[c], static_cast<double>(expected[i][c]), 1e-5);
      }
    }
  }
}

TEST(Embedder, AnswersSeveralThreadsAndPartsAlike) {
  const auto model = trained(network(kConvolutional, "auto"));
  const Embedder embedder(*model);
  const Images& pictures = data().test->images;
  const auto all = embedder.embed(pictures);
  std::vector<std::vector<float>> results(3);
  std::vector<std::thread> threads;
  for (auto& result : results) threads.emplace_back([&] { result = embedder.embed(pictures); });
  for (auto& thread : threads) thread.join();
  for (const auto& result : results) EXPECT_EQ(result, all);

  std::vector<float> part(9 * embedder.dims());
  embedder.embed(pictures, 20, 29, part.data());
  for (std::size_t i = 0; i < part.size(); ++i) {
    EXPECT_NEAR(part[i], all[20 * embedder.dims() + i], 1e-2 * (1 + std::abs(part[i])));
  }
  EXPECT_TRUE(embedder.embed({}).empty());
}

TEST(Embedder, RefusesWhatHasNoEmbedding) {
  const auto message = [](const Classifier& model) {
    try {
      const Embedder embedder(model);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_THAT(message(*trained("family = \"nearest-centroid\"")),
              HasSubstr("model small: it is of family 'nearest-centroid'; only neural networks"));
  EXPECT_THAT(message(*trained(network(R"(["flatten", "dense classes"])"))),
              HasSubstr("it has no hidden layer, so its embedding would be the pixels"));
  EXPECT_THAT(message(*trained(network(R"(["conv 10 3", "global_avg_pool", "flatten"])"))),
              HasSubstr("it has no dense layer"));
  EXPECT_THAT(message(*make_classifier(parse_recipe(network(kPerceptron), "test", "small"))),
              HasSubstr("it is not trained yet"));

  const auto model = trained(network(kPerceptron));
  EXPECT_THROW(Embedder(*model).embed(Images({10, 12, 1}, 2)), ShapeError);
}

}  // namespace
}  // namespace thimble
