// Convolutions and dense layers on AMX, with what can be carried out together with them.

#pragma once

#include "nn/engine/amx/picture_network.hpp"
#include "nn/fusion.hpp"
#include "nn/layer.hpp"

namespace thimble::nn {
class BatchNorm;
class TrainingBuilder;
}  // namespace thimble::nn

namespace thimble::nn::amx {

/// The links of a chain that a product's tail takes, in this order:
///
///     [max pool 2x2]  [batch norm]  [ReLU]  [max pool 2x2]  [add]  [ReLU]
struct ProductChain {
  bool pool_first = false;
  const BatchNorm* norm = nullptr;
  bool relu = false;
  bool pool_last = false;  ///< not with pool_first
  const Layer* add = nullptr;
  int addend = -1;  ///< the other layer of the add
  bool relu_at_end = false;
  int last = 0;             ///< the last layer
  std::vector<int> layers;  ///< all but the product's own

  static ProductChain of(const Graph& graph, const Chain& chain, const Layer& layer);
};

/// Adds a product to a network of one picture.
/// @param window  a dense layer's kernel is its input
bool picture_product(PictureNetwork& network, const Layer& layer, const SlidingWindow& window);

/// Adds a product to a training step.
/// @return  false if it is not for AMX
bool train_product(TrainingBuilder& builder, const Layer& layer, const SlidingWindow& window);

}  // namespace thimble::nn::amx
