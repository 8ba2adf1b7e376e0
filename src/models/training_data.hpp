// What every family asks of the samples that it is to learn from.

#pragma once

#include "models/classifier.hpp"

namespace thimble {

/// @throws DataError  naming the split, if a split is empty or its labels do not fit its classes,
///                    there is less than two classes, or the validation split has pictures of
///                    another shape
void check_training_data(const Dataset& train, const Dataset* validation);

}  // namespace thimble
