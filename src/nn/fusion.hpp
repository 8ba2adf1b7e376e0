// Which layers can be carried out together, decided on the graph alone.
//
// Training, inference and export each have operations that do the work of several layers in a row:
// a convolution that ends with ReLU, weights with a batch norm folded in. What may follow is the
// same for the three: layers each of which alone takes the value before it. Each takes as many of
// them, from the front, as it has an operation for; the rest are layers of their own.

#pragma once

#include <optional>
#include <vector>

#include "nn/graph.hpp"

namespace thimble::nn {

/// The layers behind a layer that could be carried out with it, the next first.
///
/// Each alone takes what the one before it puts out and is a ChainStep. An add is in a chain only
/// if its other input is there before the chain's first layer is.
class Chain {
 public:
  struct Link {
    ChainStep step = ChainStep::none;
    int layer = 0;  ///< index in graph.layers()
  };

  Chain() = default;
  explicit Chain(std::vector<Link> links) : links_(std::move(links)) {}

  const std::vector<Link>& links() const { return links_; }
  /// The layer at a place, counted from 0, if it is of this step.
  std::optional<int> at(std::size_t place, ChainStep step) const;
  /// The links up to the first layer that is `end` or behind it.
  Chain below(int end) const;

 private:
  std::vector<Link> links_;
};

/// The chain behind every layer.
std::vector<Chain> chains_of(const Graph& graph);

}  // namespace thimble::nn
