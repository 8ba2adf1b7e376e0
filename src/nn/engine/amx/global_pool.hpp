// Global pooling of maps in a training step.

#pragma once

#include "nn/layer.hpp"

namespace thimble::nn::amx {

/// @param largest  the largest of each map; false: their mean
/// @return         false if what goes in are not maps for AMX
bool train_global_pool(TrainingBuilder& builder, const Layer& layer, bool largest);

}  // namespace thimble::nn::amx
