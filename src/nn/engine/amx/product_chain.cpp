#include "nn/engine/amx/product_chain.hpp"

#include "nn/layers/batch_norm.hpp"

namespace thimble::nn::amx {
namespace {

bool halves(const Layer& pool) {
  const SlidingWindow* window = pool.window();
  return window && window->kernel == Extent{2, 2} && window->stride == Extent{2, 2} &&
         window->pad == Extent{0, 0};
}

}  // namespace

ProductChain ProductChain::of(const Graph& graph, const Chain& chain, const Layer& layer,
                              bool takes_pools) {
  ProductChain found;
  found.last = layer.index();
  int previous = layer.index();
  for (const auto& [step, index] : chain.links()) {
    const Layer& next = graph.layer(index);
    const bool pooled = found.pool_first || found.pool_last;
    if (step == ChainStep::max_pool) {
      if (!takes_pools || pooled || found.add || !halves(next)) break;
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

}  // namespace thimble::nn::amx
