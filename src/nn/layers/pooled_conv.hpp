// Training of a convolution together with the ReLU and the 2x2 max pool behind it, where
// nn/engine/pooled_convolution.hpp has them as one operation.

#pragma once

#include "nn/layers/conv.hpp"

namespace thimble::nn {

/// Adds the three to the builder, if they are there and suit the kernels.
/// @return  false: nothing was added
bool train_pooled_conv(const Conv& layer, TrainingBuilder& builder);

}  // namespace thimble::nn
