#include "nn/layers/registry.hpp"

#include <algorithm>

#include "nn/layers/activation.hpp"
#include "nn/layers/add.hpp"
#include "nn/layers/batch_norm.hpp"
#include "nn/layers/conv.hpp"
#include "nn/layers/dense.hpp"
#include "nn/layers/depthwise_conv.hpp"
#include "nn/layers/dropout.hpp"
#include "nn/layers/flatten.hpp"
#include "nn/layers/gem_pool.hpp"
#include "nn/layers/pool.hpp"
#include "nn/layers/squeeze_excite.hpp"

namespace thimble::nn {

const std::vector<LayerKind>& layer_kinds() {
  // clang-format off
  static const std::vector<LayerKind> kinds{
      conv_kind(),
      depthwise_conv_kind(),
      dense_kind(),
      batch_norm_kind(),
      max_pool_kind(),
      avg_pool_kind(),
      global_max_pool_kind(),
      global_avg_pool_kind(),
      gem_pool_kind(),
      squeeze_excite_kind(),
      relu_kind(),
      gelu_kind(),
      dropout_kind(),
      flatten_kind(),
      add_kind(),
  };
  // clang-format on
  return kinds;
}

const LayerKind* find_layer_kind(std::string_view word) {
  const auto found = std::ranges::find(layer_kinds(), word, &LayerKind::word);
  return found == layer_kinds().end() ? nullptr : &*found;
}

}  // namespace thimble::nn
