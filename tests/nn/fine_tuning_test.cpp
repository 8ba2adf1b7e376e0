#include "nn/fine_tuning.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "nn/zoo.hpp"

namespace thimble::nn {
namespace {

using Names = std::vector<std::string>;

/// Names of the layers that begin the stages, and the head.
Names stage_names(const Graph& graph) {
  const Stages stages = stages_of(graph);
  Names names;
  for (const int layer : stages.first_layers) names.push_back(graph.layer(layer).name());
  names.push_back(graph.layer(stages.head).name());
  return names;
}

Names stage_names(const Names& lines) {
  return stage_names(Graph::parse({1, 28, 28, false}, lines, 10));
}

TEST(Stages, EndWhereMapsGetSmaller) {
  EXPECT_EQ(stage_names(architecture_lines("cnn")),
            (Names{"conv1", "conv4", "conv5", "conv6", "dense1"}));
  EXPECT_EQ(stage_names(architecture_lines("resnet9")),
            (Names{"conv1", "conv3", "conv6", "conv7", "dense1"}));
  // Dropout goes with the dense layer behind it, each of which is a stage.
  EXPECT_EQ(stage_names(architecture_lines("keras-cnn")),
            (Names{"conv1", "conv2", "dropout1", "dense2"}));
  EXPECT_EQ(stage_names(architecture_lines("mlp")), (Names{"flatten1", "dropout1", "dropout2"}));
}

TEST(Stages, AStridedBlockAndItsShortcutAreOne) {
  EXPECT_EQ(stage_names({"conv 8 7 stride=2 pad=3",
                         "batch_norm",
                         "relu",
                         "max_pool 3 stride=2 pad=1",
                         "mark a",
                         "conv 8 3 pad=1",
                         "relu",
                         "conv 8 3 pad=1",
                         "add a",
                         "mark b",
                         "conv 16 3 stride=2 pad=1",
                         "batch_norm",
                         "relu",
                         "conv 16 3 pad=1",
                         "mark c",
                         "from b",
                         "conv 16 1 stride=2",
                         "batch_norm",
                         "add c",
                         "relu",
                         "global_avg_pool",
                         "flatten",
                         "dense 10"}),
            (Names{"conv1", "conv2", "conv4", "dense1"}));
}

TEST(Stages, AHeadAloneHasNone) {
  EXPECT_EQ(stage_names({"flatten", "dense 10"}), (Names{"dense1"}));
  EXPECT_THROW((void)stage_names({"conv 10 28", "relu"}), UsageError);
}

TEST(Unfreezing, OneStageAfterAnother) {
  const Graph graph = Graph::parse({1, 28, 28, false}, architecture_lines("cnn"), 10);
  const Stages stages = stages_of(graph);
  FineTuning tuning;
  EXPECT_EQ(tuning.first_trained_layer(7), 0);
  tuning.first_trained_layers = unfreezing_order(stages, 2);
  const auto& first = stages.first_layers;
  EXPECT_EQ(tuning.first_trained_layers, (std::vector<int>{first[2], first[1], 0}));
  EXPECT_EQ(tuning.first_trained_layer(7), first[2]);
  tuning.unfreeze_epochs = 3;
  for (const auto& [epoch, layer] : std::vector<std::pair<int, int>>{
           {0, first[2]}, {2, first[2]}, {3, first[1]}, {6, 0}, {99, 0}}) {
    EXPECT_EQ(tuning.first_trained_layer(epoch), layer) << epoch;
  }
  EXPECT_EQ(unfreezing_order(stages, 4).front(), stages.head);
}

TEST(Unfreezing, StagesThatJoinLaterCountTheirOwnSteps) {
  const Graph graph = Graph::parse({1, 28, 28, false}, architecture_lines("cnn"), 10);
  const Stages stages = stages_of(graph);
  FineTuning tuning;
  tuning.head_layer = stages.head;
  tuning.first_trained_layers = unfreezing_order(stages, 4);
  tuning.unfreeze_epochs = 2;
  tuning.backbone_lr_scale = 0.25;
  TrainingNetwork network(graph, {{1}, {0}},
                          {.batch_size = 2, .first_trained_layer = stages.first_layers[2]});
  const auto spans = rate_spans(tuning, 5, 10, network);
  ASSERT_EQ(spans.size(), 3u);  // stages 3 and 4, head
  EXPECT_EQ(spans[0].size, network.offset_of(stages.first_layers[3]));
  EXPECT_EQ(spans[0].joined, 40u);
  EXPECT_EQ(spans[1].joined, 20u);
  EXPECT_EQ(spans[1].factor, 0.25);
  EXPECT_EQ(spans[2].joined, 0u);
  EXPECT_EQ(spans[2].factor, 1);
  EXPECT_EQ(spans[0].size + spans[1].size + spans[2].size, network.weights().size());
}

/// Gradients of a network's trained layers, as declared.
ParameterValues gradients_of(const Graph& graph, Precision precision, int first_trained_layer) {
  TrainingNetwork network(graph, {{1}, {0}},
                          {.batch_size = 6,
                           .precision = precision,
                           .seed = 4,
                           .first_trained_layer = first_trained_layer});
  Random random(9);
  std::vector<float> input(6 * static_cast<std::size_t>(graph.input().size()));
  for (float& v : input) v = static_cast<float>(random.normal());
  network.forward(input, 3);
  std::vector<float> output_gradient(network.output().size());
  for (float& v : output_gradient) v = static_cast<float>(random.normal());
  network.backward(output_gradient);
  return network.to_declared(network.gradients());
}

TEST(FrozenLayers, TheOthersGradientsAreThoseOfTheWholeNetwork) {
  const Graph graph = Graph::parse(
      {1, 12, 12, false},
      Names{"conv 16 3 pad=1", "relu", "max_pool 2", "conv 32 3 pad=1", "relu", "max_pool 2",
            "conv 32 3 pad=1", "batch_norm", "relu", "mark a", "conv 32 3 pad=1", "gelu", "add a",
            "flatten", "dropout 0.3", "dense 9", "relu", "dense 5"});
  const ParameterValues whole = gradients_of(graph, Precision::fp32, 0);
  // Not behind batch norm or dropout: frozen, they compute something else.
  for (const int first : {3, 4, 7}) {
    const ParameterValues some = gradients_of(graph, Precision::fp32, first);
    for (const NamedArray& array : some) {
      const auto found = std::ranges::find(whole, array.name, &NamedArray::name);
      ASSERT_NE(found, whole.end());
      float largest = 0.1f;
      for (const float g : found->values) largest = std::max(largest, std::abs(g));
      for (std::size_t i = 0; i < array.values.size(); ++i) {
        ASSERT_NEAR(array.values[i], found->values[i], 2e-5f * largest)
            << array.name << "[" << i << "], trained from " << first;
      }
    }
    std::size_t expected = 0;
    for (const auto& declared : graph.parameters()) {
      expected += declared.layer >= first && declared.role != ParameterRole::running_mean &&
                  declared.role != ParameterRole::running_variance;
    }
    EXPECT_EQ(some.size(), expected);
  }
}

TEST(FrozenLayers, KeepStatisticsAndWeights) {
  const Graph graph =
      Graph::parse({1, 6, 6, false}, Names{"conv 8 3", "batch_norm", "relu", "conv 8 3",
                                           "batch_norm", "relu", "flatten", "dense 2"});
  TrainingNetwork network(graph, {{1}, {0}},
                          {.batch_size = 4, .seed = 1, .first_trained_layer = 4});
  ParameterValues given = initial_parameters(graph, 5);
  for (float& mean : given[4].values) mean = 0.25f;
  ASSERT_EQ(given[4].name, "batch_norm1.running_mean");
  network.set_parameters(given);
  std::vector<float> input(4 * 36, 1.5f);
  network.forward(input);
  std::ranges::fill(network.input(), std::uint8_t{9});
  network.accumulate_statistics(true);
  const ParameterValues after = network.parameters();
  ASSERT_EQ(after.size(), given.size());
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(after[i].values, given[i].values) << after[i].name;
  const auto moved = std::ranges::find(after, "batch_norm2.running_mean", &NamedArray::name);
  EXPECT_NE(moved->values, std::vector<float>(8));
}

TEST(FrozenLayers, SomethingMustBeLeftToTrain) {
  const Graph graph =
      Graph::parse({1, 6, 6, false}, Names{"conv 8 3", "relu", "flatten", "dense 2", "relu"});
  EXPECT_THROW(TrainingNetwork(graph, {{1}, {0}}, {.first_trained_layer = 5}), UsageError);
  EXPECT_THROW(
      TrainingNetwork(graph, {{1}, {0}}, {.input_gradient = true, .first_trained_layer = 3}),
      UsageError);
}

}  // namespace
}  // namespace thimble::nn
