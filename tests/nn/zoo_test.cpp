#include "nn/zoo.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "nn/inference_network.hpp"
#include "nn/training_network.hpp"
#include "reference.hpp"

namespace thimble::nn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kClasses = 4;
constexpr int kBatch = 8;

std::string error_of(const std::string& name, const ArchitectureOptions& options) {
  try {
    (void)checked(name, options);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

ArchitectureOptions changed(const std::string& name, auto&& change) {
  ArchitectureOptions options = architecture_defaults(name);
  change(options);
  return options;
}

TEST(Zoo, DefaultsAreTheArchitecturesOfTheShippedModels) {
  EXPECT_THAT(
      architecture_lines("cnn"),
      ElementsAre("conv 16 3 pad=1 bias=false", "batch_norm", "relu", "conv 16 3 pad=1 bias=false",
                  "batch_norm", "relu", "conv 32 3 pad=1 bias=false", "max_pool 2", "batch_norm",
                  "relu", "conv 64 3 pad=1 bias=false", "max_pool 2", "batch_norm", "relu",
                  "conv 128 3 pad=1 bias=false", "max_pool 2", "batch_norm", "relu",
                  "conv 128 3 pad=1 bias=false", "batch_norm", "relu", "global_max_pool", "flatten",
                  "dense classes"));
  EXPECT_THAT(architecture_lines("mlp"),
              ElementsAre("flatten", "dense 512", "relu", "dropout 0.2", "dense 256", "relu",
                          "dropout 0.2", "dense classes"));
  EXPECT_THAT(architecture_lines("keras-cnn"),
              ElementsAre("conv 32 3", "relu", "max_pool 2", "conv 64 3", "relu", "max_pool 2",
                          "flatten", "dropout 0.5", "dense 128", "relu", "dense classes"));
  const Graph resnet9 = Graph::parse({1, 28, 28, false}, architecture_lines("resnet9"), 10);
  EXPECT_EQ(resnet9.parameter_count(), 1645546);
  // As torchvision counts them, for 1,000 classes.
  const Graph resnet18 = Graph::parse({3, 224, 224, false}, architecture_lines("resnet18"), 1000);
  EXPECT_EQ(resnet18.parameter_count(), 11689512);
}

TEST(Zoo, StagesTakeWidthsAndDepths) {
  const auto cnn = changed("cnn", [](ArchitectureOptions& o) {
    o.stage_widths = {8, 24};
    o.stage_depth = {1, 3};
    o.pooling = o.global_pooling = "avg";
    o.activation = "gelu";
  });
  EXPECT_THAT(
      architecture_lines("cnn", cnn),
      ElementsAre("conv 8 3 pad=1 bias=false", "batch_norm", "gelu", "conv 24 3 pad=1 bias=false",
                  "avg_pool 2", "batch_norm", "gelu", "conv 24 3 pad=1 bias=false", "batch_norm",
                  "gelu", "conv 24 3 pad=1 bias=false", "batch_norm", "gelu", "global_avg_pool",
                  "flatten", "dense classes"));

  const auto depth_of = [](const std::string& name, std::size_t stages, std::vector<int> depth) {
    return checked(name, changed(name,
                                 [&](ArchitectureOptions& o) {
                                   o.stage_widths.assign(stages, 16);
                                   o.stage_depth = depth;
                                 }))
        .stage_depth;
  };
  EXPECT_THAT(depth_of("cnn", 3, {}), ElementsAre(2, 1, 2));
  EXPECT_THAT(depth_of("cnn", 3, {4}), ElementsAre(4, 4, 4));
  EXPECT_THAT(depth_of("resnet9", 5, {}), ElementsAre(1, 3, 1, 3, 1));

  // ResNet-34, as torchvision counts it.
  const auto resnet34 = changed("resnet18", [](auto& o) { o.stage_depth = {6, 8, 12, 6}; });
  const Graph graph =
      Graph::parse({3, 224, 224, false}, architecture_lines("resnet18", resnet34), 1000);
  EXPECT_EQ(graph.parameter_count(), 21797672);
}

TEST(Zoo, ErrorsNameTheKey) {
  const auto error = [](const std::string& name, auto&& change) {
    return error_of(name, changed(name, change));
  };
  EXPECT_EQ(error("cnn",
                  [](auto& o) {
                    o.stage_widths = {16, 0};
                  }),
            "model.stage_widths: 0, expected 1 to 65535");
  EXPECT_THAT(error("cnn", [](auto& o) { o.stage_widths = {}; }), HasSubstr("empty"));
  EXPECT_THAT(error("cnn", [](auto& o) { o.stage_widths.resize(17, 8); }), HasSubstr("at most 16"));
  EXPECT_THAT(error("cnn",
                    [](auto& o) {
                      o.stage_depth = {1, 2};
                    }),
              HasSubstr("2 numbers for 4 stages"));
  EXPECT_THAT(error("resnet9", [](auto& o) { o.stage_depth = {2}; }), HasSubstr("odd number"));
  EXPECT_THAT(error("resnet18", [](auto& o) { o.stage_depth = {3}; }), HasSubstr("even number"));
  EXPECT_THAT(error("cnn", [](auto& o) { o.pooling = "mean"; }),
              HasSubstr("model.pooling: \"mean\", expected \"max\" or \"avg\""));
  EXPECT_THAT(error("mlp", [](auto& o) { o.dropout = 1; }), HasSubstr("model.dropout"));
  EXPECT_THAT(error("mlp", [](auto& o) { o.hidden = {-5}; }), HasSubstr("model.hidden: -5"));
  EXPECT_THAT(error("resnet18", [](auto& o) { o.stem = "tiny"; }), HasSubstr("model.stem"));
}

/// Every choice of every word, in networks that are quick to build and train.
std::vector<std::pair<std::string, ArchitectureOptions>> combinations() {
  std::vector<std::pair<std::string, ArchitectureOptions>> all;
  for (const std::string& name : architecture_names()) {
    const auto& keys = architecture_keys(name);
    const auto choices = [&](const char* key, std::vector<std::string> words) {
      if (std::ranges::find(keys, key) == keys.end()) words.resize(1);
      return words;
    };
    for (const auto& pooling : choices("pooling", {"max", "avg"})) {
      for (const auto& activation : choices("activation", {"relu", "gelu"})) {
        for (const auto& stem : choices("stem", {"imagenet", "small"})) {
          ArchitectureOptions o = architecture_defaults(name);
          o.stage_widths = {16, 24};
          o.stage_depth = {name == "resnet18" ? 2 : 1, name == "resnet18" ? 2 : 3};
          if (name == "keras-cnn") o.stage_depth = {1};
          o.pooling = pooling;
          // The other one, so that both meet both activations in fewer networks.
          o.global_pooling = pooling == "max" ? "avg" : "max";
          o.activation = activation;
          o.stem = stem;
          // What dropout drops would differ; nothing else of it can go wrong here.
          o.dropout = 0;
          if (!o.hidden.empty()) o.hidden = {20};
          all.emplace_back(name, o);
        }
      }
    }
  }
  return all;
}

/// The parameters with the running statistics of exactly the last batch: accumulated ones have the
/// unbiased variance, normalisation in training the biased one.
ParameterValues with_statistics_of_batch(const Graph& graph, TrainingNetwork& network) {
  ParameterValues values = network.parameters();
  const auto declared = graph.parameters();
  for (std::size_t i = 0; i < declared.size(); ++i) {
    if (declared[i].role != ParameterRole::running_variance) continue;
    const Shape& map = graph.layer(declared[i].layer).output();
    const float count = static_cast<float>(kBatch * map.height * map.width);
    for (float& v : values[i].values) v *= (count - 1) / count;
  }
  return values;
}

TEST(Zoo, EveryCombinationTrainsAndPredictsTheSame) {
  constexpr Shape kPicture{1, 14, 14, false};
  for (const auto& [name, options] : combinations()) {
    const auto lines = architecture_lines(name, options);
    SCOPED_TRACE(testing::PrintToString(lines));
    const Graph graph = Graph::parse(kPicture, lines, kClasses);
    TrainingNetwork network(graph, {{1 / 255.0f}, {0}},
                            {.batch_size = kBatch, .precision = Precision::fp32, .seed = 1});
    network.set_parameters(initial_parameters(graph, 1));
    for (std::size_t i = 0; i < network.input().size(); ++i) {
      network.input()[i] = static_cast<std::uint8_t>(hash_seed(3, i) % 256);
    }
    for (int i = 0; i < kBatch; ++i) network.labels()[static_cast<std::size_t>(i)] = i % kClasses;
    const double before = network.forward_backward({}, 0).loss;
    for (int step = 1; step <= 3; ++step) {
      const auto gradients = network.gradients();
      double squares = 0;
      for (const float g : gradients) squares += double{g} * g;
      for (std::size_t i = 0; i < gradients.size(); ++i) {
        network.weights()[i] -= static_cast<float>(0.05 * gradients[i] / std::sqrt(squares));
      }
      network.weights_changed();
      (void)network.forward_backward({}, static_cast<std::uint64_t>(step));
    }
    EXPECT_LT(network.forward_backward({}, 4).loss, before);

    network.accumulate_statistics(true);
    InferenceNetwork inference(graph, {{1 / 255.0f}, {0}}, kBatch, Precision::fp32,
                               with_statistics_of_batch(graph, network));
    std::ranges::copy(network.input(), inference.input().begin());
    EXPECT_LT(reference::difference(inference.run(), network.output()), 1e-4);
  }
}

}  // namespace
}  // namespace thimble::nn
