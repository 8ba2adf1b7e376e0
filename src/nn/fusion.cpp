#include "nn/fusion.hpp"

#include <algorithm>

namespace thimble::nn {
namespace {

constexpr int kNobody = -1;
constexpr int kSeveral = -2;

/// For every layer the one that alone takes its output.
std::vector<int> sole_consumers(const Graph& graph) {
  std::vector<int> consumers(graph.layers().size(), kNobody);
  for (const auto& layer : graph.layers()) {
    for (const LayerInput& input : layer->inputs()) {
      int& consumer = consumers[static_cast<std::size_t>(input.layer)];
      consumer = consumer == kNobody ? layer->index() : kSeveral;
    }
  }
  return consumers;
}

/// True if all that the layer takes besides the value of `before` is there before `first` is.
bool others_are_ready(const Layer& layer, int before, int first) {
  return std::ranges::all_of(layer.inputs(), [&](const LayerInput& input) {
    return input.layer == before || input.layer < first;
  });
}

}  // namespace

std::optional<int> Chain::at(std::size_t place, ChainStep step) const {
  if (place >= links_.size() || links_[place].step != step) return std::nullopt;
  return links_[place].layer;
}

Chain Chain::below(int end) const {
  const auto last =
      std::ranges::find_if(links_, [end](const Link& link) { return link.layer >= end; });
  return Chain({links_.begin(), last});
}

std::vector<Chain> chains_of(const Graph& graph) {
  const std::vector<int> consumers = sole_consumers(graph);
  std::vector<Chain> chains;
  for (int first = 0; first < static_cast<int>(consumers.size()); ++first) {
    std::vector<Chain::Link> links;
    for (int before = first;;) {
      const int next = consumers[static_cast<std::size_t>(before)];
      if (next < 0) break;
      const Layer& layer = graph.layer(next);
      const ChainStep step = layer.traits().chain_step;
      if (step == ChainStep::none || !others_are_ready(layer, before, first)) break;
      links.push_back({step, next});
      before = next;
    }
    chains.emplace_back(std::move(links));
  }
  return chains;
}

}  // namespace thimble::nn
