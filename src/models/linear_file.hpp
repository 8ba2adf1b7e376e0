// Linear models in model files.

#pragma once

#include <string>

#include "classical/linear_model.hpp"
#include "models/model_file.hpp"

namespace thimble {

/// Adds linear.weights, f64 [classes, features], linear.intercepts, f64 [classes], and
/// linear.present, u8 [classes], which is 1 for classes with training samples.
void write_linear(const classical::LinearModel& model, ModelFile& file);

/// @throws DataError  naming `place` and the tensor that is missing, of the wrong shape or holds
///                    numbers that are not finite
classical::LinearModel read_linear(const ModelFile& file, const std::string& place,
                                   std::size_t dims, std::size_t classes);

/// A line of figures: classes, features, how many weights are not 0, and the largest.
std::string linear_summary(const classical::LinearModel& model);

}  // namespace thimble
