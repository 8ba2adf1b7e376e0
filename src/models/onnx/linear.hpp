// Linear models as nodes of an ONNX file.

#pragma once

#include <string>

#include "classical/linear_model.hpp"
#include "models/onnx/features.hpp"
#include "onnx/model_builder.hpp"

namespace thimble {

/// The softmax of the decisions over the classes present; 0 for the others.
/// @return  float32 [batch, classes]
std::string add_softmax(onnx::ModelBuilder& builder, const classical::LinearModel& model,
                        OnnxFeatures& features);

}  // namespace thimble
