// What of the layers behind a convolution or dense layer is carried out together with it on AMX.

#pragma once

#include <vector>

#include "nn/fusion.hpp"
#include "nn/graph.hpp"

namespace thimble::nn {
class BatchNorm;
}

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

  /// @param takes_pools  false: the chain ends before the first
  static ProductChain of(const Graph& graph, const Chain& chain, const Layer& layer,
                         bool takes_pools = true);
};

}  // namespace thimble::nn::amx
