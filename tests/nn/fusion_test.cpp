#include "nn/fusion.hpp"

#include <gtest/gtest.h>

namespace thimble::nn {
namespace {

using Names = std::vector<std::string>;

Graph graph_of(const Names& lines) { return Graph::parse({16, 16, 16, false}, lines); }

/// The names of the layers in the chain behind the first layer of a word.
Names chain_behind(const Graph& graph, const std::string& name) {
  const auto chains = chains_of(graph);
  Names names;
  for (const auto& layer : graph.layers()) {
    if (layer->name() != name) continue;
    for (const Chain::Link& link : chains[static_cast<std::size_t>(layer->index())].links()) {
      names.push_back(graph.layer(link.layer).name());
    }
  }
  return names;
}

TEST(Fusion, AChainIsAllThatMayBeCarriedOutTogether) {
  const Graph graph =
      graph_of({"mark a", "conv 16 3 pad=1", "batch_norm", "relu", "add a", "gelu"});
  EXPECT_EQ(chain_behind(graph, "conv1"), (Names{"batch_norm1", "relu1", "add1"}));
  EXPECT_EQ(chain_behind(graph, "batch_norm1"), (Names{"relu1", "add1"}));
  EXPECT_EQ(chain_behind(graph, "add1"), Names{});
}

TEST(Fusion, PoolsMayStandOnBothSides) {
  const Graph graph =
      graph_of({"conv 16 3 pad=1", "max_pool 2", "batch_norm", "relu", "max_pool 2", "avg_pool 2"});
  EXPECT_EQ(chain_behind(graph, "conv1"),
            (Names{"max_pool1", "batch_norm1", "relu1", "max_pool2"}));
}

TEST(Fusion, AValueThatIsReadTwiceEndsAChain) {
  const Graph graph = graph_of({"conv 16 3 pad=1", "mark a", "relu", "add a", "relu"});
  EXPECT_EQ(chain_behind(graph, "conv1"), Names{});
  EXPECT_EQ(chain_behind(graph, "input"), Names{});
}

TEST(Fusion, AnAddWaitsForItsOtherInput) {
  // conv2 is computed first, so what it adds up to can be left to conv3, and not to conv2.
  const Graph graph = graph_of({"mark a", "conv 16 1", "relu", "mark b", "from a", "conv 16 1",
                                "batch_norm", "add b", "relu"});
  EXPECT_EQ(chain_behind(graph, "conv1"), Names{"relu1"});
  EXPECT_EQ(chain_behind(graph, "conv2"), (Names{"batch_norm1", "add1", "relu2"}));
}

TEST(Fusion, StepsAreFoundByPlace) {
  const Graph graph = graph_of({"conv 16 3", "batch_norm", "relu"});
  const Chain chain = chains_of(graph)[1];
  EXPECT_EQ(chain.at(0, ChainStep::batch_norm), 2);
  EXPECT_EQ(chain.at(0, ChainStep::relu), std::nullopt);
  EXPECT_EQ(chain.at(1, ChainStep::relu), 3);
  EXPECT_EQ(chain.at(2, ChainStep::relu), std::nullopt);
  EXPECT_EQ(chain.below(3).at(0, ChainStep::batch_norm), 2);
  EXPECT_EQ(chain.below(3).at(1, ChainStep::relu), std::nullopt);
}

}  // namespace
}  // namespace thimble::nn
