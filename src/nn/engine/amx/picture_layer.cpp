#include "nn/engine/amx/picture_layer.hpp"

#include "nn/engine/amx/picture_depthwise.hpp"
#include "nn/engine/amx/product_chain.hpp"
#include "nn/layers/batch_norm.hpp"
#include "nn/layers/product.hpp"

namespace thimble::nn::amx {
namespace {

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

PictureTail tail_of(PictureNetwork& network, const Layer& layer, const ProductChain& chain) {
  PictureTail tail;
  set_scaling(tail, network.values(), layer, chain.norm);
  tail.pooled = chain.pool_first || chain.pool_last;
  tail.pool_first = chain.pool_first;
  tail.relu = chain.relu;
  tail.relu_at_end = chain.relu_at_end;
  if (chain.add) tail.addend = network.value(chain.addend);
  return tail;
}

void set_values(PictureNetwork& network, const Layer& layer, const ProductChain& chain,
                const PictureMap& map) {
  network.set_value(layer.index(), map);
  for (const int other : chain.layers) network.set_value(other, map);
}

}  // namespace

void picture_product(PictureNetwork& network, const Layer& layer, const SlidingWindow& window,
                     int groups) {
  const ProductChain chain = ProductChain::of(network.graph(), network.chain(layer.index()), layer);
  PictureTail tail = tail_of(network, layer, chain);
  const auto& weights = parameter_values(network.values(), layer, "weight");
  const int input = layer.inputs().front().layer;
  const bool of_picture = input == 0 && groups == 1 && !layer.output().flat &&
                          suits_picture(network.graph().input().channels, window);
  const PictureMap map =
      of_picture
          ? network.input_product(chain.last, layer.output(), window, weights, std::move(tail))
          : network.product(chain.last, network.value(input), layer.output(), window, groups,
                            weights, std::move(tail));
  set_values(network, layer, chain, map);
}

void picture_depthwise(PictureNetwork& network, const Layer& layer, const SlidingWindow& window) {
  const ProductChain chain =
      ProductChain::of(network.graph(), network.chain(layer.index()), layer, false);
  PictureTail tail = tail_of(network, layer, chain);
  const PictureMap source = network.value(layer.inputs().front().layer);
  const PictureMap out = network.new_map(layer.output());
  PictureDepthwise depthwise(source, out, layer.output().channels, window,
                             parameter_values(network.values(), layer, "weight"), std::move(tail));
  network.add([depthwise = std::move(depthwise)](PictureWorkspace& workspace) {
    depthwise.run(workspace);
  });
  set_values(network, layer, chain, out);
}

}  // namespace thimble::nn::amx
