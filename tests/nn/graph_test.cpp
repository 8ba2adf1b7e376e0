#include "nn/graph.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "nn/zoo.hpp"

namespace thimble::nn {
namespace {

using testing::HasSubstr;

constexpr Shape kFashion{1, 28, 28, false};

std::string error_of(Shape input, std::vector<std::string> lines) {
  try {
    (void)Graph::parse(input, lines, 10);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

std::vector<int> inputs_of(const Layer& layer) {
  std::vector<int> indices;
  for (const LayerInput& input : layer.inputs()) indices.push_back(input.layer);
  return indices;
}

TEST(Graph, CountsTheTutorialNetworkAsKerasDoes) {
  const Graph graph = Graph::parse(kFashion, architecture_lines("keras-cnn"), 10);
  EXPECT_EQ(graph.parameter_count(), 225034);
  EXPECT_EQ(graph.output(), (Shape{10, 1, 1, true}));
  // conv1 26x26x32x9, conv2 11x11x64x288, dense 1600x128 and 128x10, two operations each
  EXPECT_GT(graph.forward_flops(), 2 * (194688 + 2230272 + 204800 + 1280));
}

TEST(Graph, DerivesShapes) {
  const std::vector<std::string> lines{"conv 8 3x5 stride=2x1 pad=1x2", "max_pool 3 stride=2 pad=1",
                                       "flatten", "dense 7"};
  const Graph graph = Graph::parse({3, 9, 8, false}, lines);
  EXPECT_EQ(graph.layer(1).output(), (Shape{8, 5, 8, false}));
  EXPECT_EQ(graph.layer(2).output(), (Shape{8, 3, 4, false}));
  EXPECT_EQ(graph.layer(3).output(), (Shape{96, 1, 1, true}));
  EXPECT_EQ(graph.output(), (Shape{7, 1, 1, true}));
}

TEST(Graph, LinesGiveTheSameGraphAgain) {
  std::vector<std::vector<std::string>> all;
  for (const auto& name : architecture_names()) all.push_back(architecture_lines(name));
  all.push_back({"conv 4 3x5 stride=2x1 pad=1x2 groups=1 bias=false", "mark a", "conv 4 1", "add a",
                 "relu", "mark b", "avg_pool 2", "gelu", "dropout 0.25", "global_avg_pool",
                 "flatten", "dense classes bias=false"});
  all.push_back({"mark start", "conv 4 1", "mark left", "from start", "conv 4 3 pad=1",
                 "batch_norm epsilon=0.001 momentum=0.01", "add left", "flatten", "dense classes"});
  for (const auto& lines : all) {
    const Graph graph = Graph::parse(kFashion, lines, 10);
    const Graph again = Graph::parse(kFashion, graph.lines());
    EXPECT_EQ(again.lines(), graph.lines());
    ASSERT_EQ(again.layers().size(), graph.layers().size());
    for (std::size_t i = 0; i < graph.layers().size(); ++i) {
      EXPECT_EQ(inputs_of(*again.layers()[i]), inputs_of(*graph.layers()[i]));
      EXPECT_EQ(again.layers()[i]->output(), graph.layers()[i]->output());
      EXPECT_EQ(again.layers()[i]->line(), graph.layers()[i]->line());
    }
    EXPECT_EQ(again.parameter_count(), graph.parameter_count());
  }
}

TEST(Graph, ErrorsNameTheLineAndTheRemedy) {
  EXPECT_THAT(error_of(kFashion, {"convolution 3"}), HasSubstr("'convolution'"));
  EXPECT_THAT(error_of(kFashion, {"max_pol 2"}), HasSubstr("max_pool"));
  EXPECT_THAT(error_of(kFashion, {"conv 32"}), HasSubstr("the kernel is missing"));
  EXPECT_THAT(error_of(kFashion, {"conv x 3"}), HasSubstr("'x', expected a number"));
  EXPECT_THAT(error_of(kFashion, {"conv 32 3 padd=1"}), HasSubstr("pad"));
  EXPECT_THAT(error_of(kFashion, {"conv 32 3 4"}), HasSubstr("'4' is not expected"));
  EXPECT_THAT(error_of(kFashion, {"conv 32 29"}), HasSubstr("does not fit into 1x28x28"));
  EXPECT_THAT(error_of(kFashion, {"conv 32 3 stride=0"}), HasSubstr("not possible"));
  EXPECT_THAT(error_of(kFashion, {"conv 3 3 groups=2"}), HasSubstr("2 groups"));
  EXPECT_THAT(error_of(kFashion, {"conv -1 3"}), HasSubstr("-1 output channels"));
  EXPECT_THAT(error_of(kFashion, {"dense 10"}), HasSubstr("flatten"));
  EXPECT_THAT(error_of(kFashion, {"flatten", "conv 3 3"}), HasSubstr("needs a map"));
  EXPECT_THAT(error_of(kFashion, {"dropout 1"}), HasSubstr("rate 1"));
  EXPECT_THAT(error_of(kFashion, {"add a"}), HasSubstr("mark a"));
  EXPECT_THAT(error_of(kFashion, {"mark a", "conv 2 3", "add a"}),
              HasSubstr("2x26x26 and 1x28x28"));
  EXPECT_THAT(error_of(kFashion, {"conv 99999999999 3"}), HasSubstr("expected a number"));
  EXPECT_THAT(error_of({0, 28, 28, false}, {}), HasSubstr("empty"));
}

TEST(Graph, SummaryShowsEveryLayerAndTheTotal) {
  const std::string text = Graph::parse(kFashion, architecture_lines("keras-cnn"), 10).summary();
  for (const auto* part :
       {"conv1", "32x26x26", "max_pool2", "64x5x5", "dense1", "204,928", "225,034", "total"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(Graph, UnknownArchitectureSuggestsTheNearest) {
  try {
    (void)architecture_lines("resnet8");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("resnet9"));
  }
}

}  // namespace
}  // namespace thimble::nn
