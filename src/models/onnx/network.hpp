// Neural networks as nodes of an ONNX file.

#pragma once

#include <string>

#include "nn/graph.hpp"
#include "nn/network.hpp"
#include "onnx/model_builder.hpp"

namespace thimble {

/// @param pictures  uint8 [batch, height, width, channels]
/// @return          what the last layer gives, logits for one: float32 [batch, values]
std::string add_network(onnx::ModelBuilder& builder, const nn::Graph& graph,
                        const nn::InputScaling& scaling, const nn::ParameterValues& parameters,
                        bool keep_batch_norm, const std::string& pictures);

}  // namespace thimble
