// One layer's share of a network's parameters, and batch norms folded into the layer before them.

#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "nn/graph.hpp"
#include "nn/network.hpp"

namespace thimble::nn {

/// A layer's parameter of that name ("weight", "bias", "running_mean", ...), or null.
const NamedArray* find_parameter(const Graph& graph, const ParameterValues& values, int layer,
                                 std::string_view name);

/// What a convolution or dense layer multiplies with and adds, in the declared layouts.
struct Product {
  std::vector<float> weights;
  std::vector<float> bias;  ///< [features]; zeros where there is none
};

/// @param norm  a batch norm that alone takes the layer's output, to be folded into it
Product product_of(const Graph& graph, const ParameterValues& values, int layer,
                   std::optional<int> norm);

}  // namespace thimble::nn
