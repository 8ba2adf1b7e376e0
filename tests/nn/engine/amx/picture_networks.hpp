// Networks that run picture by picture, a few for each kind of layer and what goes with it.

#pragma once

#include <vector>

#include "networks.hpp"

namespace thimble::nn::amx {

std::vector<NamedNetwork> picture_networks();

}  // namespace thimble::nn::amx
