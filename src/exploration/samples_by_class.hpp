// The samples of each class, by their indices.

#pragma once

#include <cstddef>
#include <vector>

#include "data/dataset.hpp"

namespace thimble {

/// Indices of each class's samples, ascending; size classes.size().
std::vector<std::vector<std::size_t>> samples_by_class(const Dataset& dataset);

}  // namespace thimble
