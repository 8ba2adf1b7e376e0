#include "nn/engine/amx/product_layer.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/isa.hpp"
#include "nn/engine/amx/convert.hpp"
#include "nn/engine/amx/product.hpp"
#include "nn/engine/amx/tail.hpp"
#include "nn/engine/amx/weights_gradient.hpp"
#include "nn/engine/training_builder.hpp"
#include "nn/layers/batch_norm.hpp"
#include "nn/layers/product.hpp"

namespace thimble::nn::amx {
namespace {

bool halves(const Layer& pool) {
  const SlidingWindow* window = pool.window();
  return window && window->kernel == Extent{2, 2} && window->stride == Extent{2, 2} &&
         window->pad == Extent{0, 0};
}

/// What a product's sums are scaled by and what is added, with batch norm by its running
/// statistics.
void set_scaling(PictureTail& tail, const ParameterValues& values, const Layer& layer,
                 const BatchNorm* norm) {
  const auto outputs = static_cast<std::size_t>(layer.output().channels);
  nn::Product product{std::vector<float>(outputs, 1.0f), std::vector<float>(outputs, 0.0f)};
  if (const NamedArray* bias = find_parameter(values, layer, "bias")) product.bias = bias->values;
  if (norm) norm->fold_into(product, values);
  tail.scale = std::move(product.weights);
  tail.shift = std::move(product.bias);
}

}  // namespace

ProductChain ProductChain::of(const Graph& graph, const Chain& chain, const Layer& layer) {
  ProductChain found;
  found.last = layer.index();
  int previous = layer.index();
  for (const auto& [step, index] : chain.links()) {
    const Layer& next = graph.layer(index);
    const bool pooled = found.pool_first || found.pool_last;
    if (step == ChainStep::max_pool) {
      if (pooled || found.add || !halves(next)) break;
      (found.norm || found.relu ? found.pool_last : found.pool_first) = true;
    } else if (step == ChainStep::batch_norm) {
      if (found.norm || found.relu || found.add) break;
      found.norm = static_cast<const BatchNorm*>(&next);
    } else if (step == ChainStep::relu) {
      if (found.add ? found.relu_at_end : found.relu) break;
      (found.add ? found.relu_at_end : found.relu) = true;
    } else if (step == ChainStep::add) {
      if (found.add) break;
      found.add = &next;
      const auto& inputs = next.inputs();
      found.addend = inputs[0].layer == previous ? inputs[1].layer : inputs[0].layer;
    } else {
      break;
    }
    found.last = previous = index;
    found.layers.push_back(index);
  }
  return found;
}

bool picture_product(PictureNetwork& network, const Layer& layer, const SlidingWindow& window) {
  const ProductChain chain = ProductChain::of(network.graph(), network.chain(layer.index()), layer);
  PictureTail tail;
  set_scaling(tail, network.values(), layer, chain.norm);
  tail.pooled = chain.pool_first || chain.pool_last;
  tail.pool_first = chain.pool_first;
  tail.relu = chain.relu;
  tail.relu_at_end = chain.relu_at_end;
  if (chain.add) tail.addend = network.value(chain.addend);
  const auto& weights = parameter_values(network.values(), layer, "weight");
  const int input = layer.inputs().front().layer;
  const bool of_picture =
      input == 0 && !layer.output().flat && suits_picture(network.graph().input().channels, window);
  const PictureMap map =
      of_picture
          ? network.input_product(chain.last, layer.output(), window, weights, std::move(tail))
          : network.product(chain.last, network.value(input), layer.output(), window, weights,
                            std::move(tail));
  network.set_value(layer.index(), map);
  for (const int other : chain.layers) network.set_value(other, map);
  return true;
}

}  // namespace thimble::nn::amx
