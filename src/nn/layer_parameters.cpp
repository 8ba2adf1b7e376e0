#include "nn/layer_parameters.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace thimble::nn {

const NamedArray* find_parameter(const Graph& graph, const ParameterValues& values, int layer,
                                 std::string_view name) {
  const std::string full = graph.layer(layer).name + "." + std::string(name);
  const auto found = std::ranges::find(values, full, &NamedArray::name);
  return found == values.end() ? nullptr : &*found;
}

Product product_of(const Graph& graph, const ParameterValues& values, int layer,
                   std::optional<int> norm) {
  Product product{find_parameter(graph, values, layer, "weight")->values, {}};
  const auto outputs = static_cast<std::size_t>(graph.layer(layer).features);
  product.bias.resize(outputs);
  if (const auto* given = find_parameter(graph, values, layer, "bias")) {
    product.bias = given->values;
  }
  if (!norm) return product;
  // norm(Wx + b) = (s W) x + s (b - mean) + shift with s = scale / sqrt(variance + epsilon)
  const auto& scale = find_parameter(graph, values, *norm, "weight")->values;
  const auto& shift = find_parameter(graph, values, *norm, "bias")->values;
  const auto& mean = find_parameter(graph, values, *norm, "running_mean")->values;
  const auto& variance = find_parameter(graph, values, *norm, "running_var")->values;
  const std::size_t row = product.weights.size() / outputs;
  for (std::size_t o = 0; o < outputs; ++o) {
    const auto s =
        static_cast<float>(scale[o] / std::sqrt(variance[o] + graph.layer(*norm).epsilon));
    for (std::size_t i = 0; i < row; ++i) product.weights[o * row + i] *= s;
    product.bias[o] = s * (product.bias[o] - mean[o]) + shift[o];
  }
  return product;
}

}  // namespace thimble::nn
