// Convolutions and dense layers in a training step on AMX, with what can be carried out together
// with them.

#pragma once

#include "nn/layer.hpp"

namespace thimble::nn {
class TrainingBuilder;
}

namespace thimble::nn::amx {

/// Adds a product to a training step.
/// @return  false if it is not for AMX
bool train_product(TrainingBuilder& builder, const Layer& layer, const SlidingWindow& window);

}  // namespace thimble::nn::amx
