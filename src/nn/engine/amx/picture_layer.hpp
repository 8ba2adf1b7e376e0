// Convolutions and dense layers in a network of one picture, with what can be carried out together
// with them.

#pragma once

#include "nn/engine/amx/picture_network.hpp"
#include "nn/layer.hpp"

namespace thimble::nn::amx {

/// Adds a dense layer or a convolution.
/// @param window  a dense layer's kernel is its input
void picture_product(PictureNetwork& network, const Layer& layer, const SlidingWindow& window,
                     int groups = 1);

/// Adds a convolution with a kernel for each channel.
void picture_depthwise(PictureNetwork& network, const Layer& layer, const SlidingWindow& window);

}  // namespace thimble::nn::amx
