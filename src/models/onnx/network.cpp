#include "models/onnx/network.hpp"

#include <cstdint>
#include <vector>

#include "models/neural.hpp"
#include "models/onnx/operators.hpp"
#include "models/onnx_export.hpp"
#include "nn/network_export.hpp"

namespace thimble {
namespace {

using onnx::ModelBuilder;

/// Pictures as the maps that a network takes: float32 [batch, channels, height, width].
std::string scaled(ModelBuilder& builder, const nn::InputScaling& scaling,
                   const std::string& pictures) {
  const std::size_t channels = scaling.scale.size();
  const std::string planes =
      builder.node("Transpose", {cast(builder, pictures, onnx::TensorElement::f32)},
                   {{"perm", std::vector<std::int64_t>{0, 3, 1, 2}}});
  const auto of_channels = [&](const char* hint, const std::vector<float>& numbers) {
    return constant(builder, hint, numbers, {1, channels, 1, 1});
  };
  return builder.node("Add",
                      {builder.node("Mul", {planes, of_channels("input_scale", scaling.scale)}),
                       of_channels("input_shift", scaling.shift)});
}

}  // namespace

std::string add_network(ModelBuilder& builder, const nn::Graph& graph,
                        const nn::InputScaling& scaling, const nn::ParameterValues& parameters,
                        bool keep_batch_norm, const std::string& pictures) {
  nn::NetworkExport layers(builder, graph, parameters, keep_batch_norm);
  return layers.add_layers(scaled(builder, scaling, pictures));
}

void NeuralClassifier::to_onnx(ModelBuilder& builder, const OnnxOptions& options) const {
  const nn::InferencePool& pool = network();
  const PictureShape& shape = description_.input;
  const std::string pictures = builder.pictures(shape.height, shape.width, shape.channels);
  const std::string logits = add_network(builder, pool.graph(), pool.scaling(), pool.parameters(),
                                         options.keep_batch_norm, pictures);
  builder.probabilities(builder.node("Softmax", {logits}, {{"axis", std::int64_t{1}}}),
                        static_cast<int>(pool.graph().output().size()));
}

}  // namespace thimble
