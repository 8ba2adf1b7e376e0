#include "models/onnx/network.hpp"

#include <cstdint>
#include <numbers>
#include <optional>
#include <vector>

#include "models/neural.hpp"
#include "models/onnx/operators.hpp"
#include "models/onnx_export.hpp"
#include "nn/layer_parameters.hpp"

namespace thimble {
namespace {

using nn::Layer;
using nn::LayerKind;
using onnx::Attributes;
using onnx::ModelBuilder;

using Integers = std::vector<std::int64_t>;

/// Adds the layers one after another. Maps are [batch, channels, height, width], the engine's order
/// too, so that a flattened map needs no rearranging.
class NetworkNodes {
 public:
  NetworkNodes(ModelBuilder& builder, const nn::Graph& graph, const nn::ParameterValues& parameters,
               bool keep_batch_norm)
      : builder_(builder),
        graph_(graph),
        parameters_(parameters),
        keep_batch_norm_(keep_batch_norm),
        values_(graph.layers().size()) {}

  std::string output(const nn::InputScaling& scaling, const std::string& pictures) {
    values_[0] = scaled(scaling, pictures);
    for (int i = 1; i < static_cast<int>(values_.size()); ++i) {
      if (value(i).empty()) value(i) = add(i);
    }
    return graph_.output().flat ? values_.back() : flattened(values_.back());
  }

 private:
  std::string& value(int layer) { return values_[static_cast<std::size_t>(layer)]; }
  const std::string& input(int layer) { return value(graph_.layer(layer).inputs[0]); }

  std::string scaled(const nn::InputScaling& scaling, const std::string& pictures) {
    const std::size_t channels = scaling.scale.size();
    const std::string planes =
        builder_.node("Transpose", {cast(builder_, pictures, onnx::TensorElement::f32)},
                      {{"perm", Integers{0, 3, 1, 2}}});
    const auto of_channels = [&](const char* hint, const std::vector<float>& numbers) {
      return constant(builder_, hint, numbers, {1, channels, 1, 1});
    };
    return builder_.node("Add",
                         {builder_.node("Mul", {planes, of_channels("input_scale", scaling.scale)}),
                          of_channels("input_shift", scaling.shift)});
  }

  std::string add(int index) {
    const Layer& layer = graph_.layer(index);
    switch (layer.kind) {
      case LayerKind::conv:
        return conv(index);
      case LayerKind::dense:
        return dense(index);
      case LayerKind::batch_norm:
        return batch_norm(index);
      case LayerKind::max_pool:
        return builder_.node("MaxPool", {input(index)}, window(layer));
      case LayerKind::avg_pool: {
        // The engine's averages leave out what lies outside the map.
        Attributes attributes = window(layer);
        attributes["count_include_pad"] = std::int64_t{0};
        return builder_.node("AveragePool", {input(index)}, std::move(attributes));
      }
      case LayerKind::global_max_pool:
        return builder_.node("GlobalMaxPool", {input(index)});
      case LayerKind::global_avg_pool:
        return builder_.node("GlobalAveragePool", {input(index)});
      case LayerKind::relu:
        return builder_.node("Relu", {input(index)});
      case LayerKind::gelu:
        return gelu(input(index));
      case LayerKind::flatten:
        return flattened(input(index));
      case LayerKind::add:
        return builder_.node("Add", {input(index), value(layer.inputs[1])});
      case LayerKind::dropout:  // only in training
      case LayerKind::input:
        break;
    }
    return input(index);
  }

  std::string flattened(const std::string& map) {
    return builder_.node("Flatten", {map}, {{"axis", std::int64_t{1}}});
  }

  static Attributes window(const Layer& layer) {
    const Integers pads{layer.pad.height, layer.pad.width, layer.pad.height, layer.pad.width};
    return {{"kernel_shape", Integers{layer.kernel.height, layer.kernel.width}},
            {"strides", Integers{layer.stride.height, layer.stride.width}},
            {"pads", pads}};
  }

  /// The parameters of a convolution or dense layer as inputs of its node. A batch norm that alone
  /// takes the layer's output is folded into them, and its value is then the layer's.
  struct ProductInputs {
    std::vector<std::string> names;
    std::optional<int> norm;
  };
  ProductInputs product(int index) {
    const Layer& layer = graph_.layer(index);
    const int consumer = graph_.sole_consumer(index);
    ProductInputs inputs;
    if (!keep_batch_norm_ && consumer >= 0 &&
        graph_.layer(consumer).kind == LayerKind::batch_norm) {
      inputs.norm = consumer;
    }
    const nn::Product numbers = nn::product_of(graph_, parameters_, index, inputs.norm);
    const auto* weight = nn::find_parameter(graph_, parameters_, index, "weight");
    inputs.names.push_back(
        builder_.constant(weight->name, std::span(numbers.weights), weight->shape));
    if (layer.bias || inputs.norm) {
      inputs.names.push_back(
          constant(builder_, layer.name + ".bias", numbers.bias, {numbers.bias.size()}));
    }
    return inputs;
  }

  std::string multiplied(const char* op, int index, const std::string& x, Attributes attributes) {
    ProductInputs inputs = product(index);
    inputs.names.insert(inputs.names.begin(), x);
    const std::string result = builder_.node(op, std::move(inputs.names), std::move(attributes));
    if (inputs.norm) value(*inputs.norm) = result;
    return result;
  }

  std::string conv(int index) {
    const Layer& layer = graph_.layer(index);
    Attributes attributes = window(layer);
    attributes["group"] = std::int64_t{layer.groups};
    return multiplied("Conv", index, input(index), std::move(attributes));
  }

  std::string dense(int index) {
    const bool flat = graph_.layer(graph_.layer(index).inputs[0]).output.flat;
    const std::string x = flat ? input(index) : flattened(input(index));
    return multiplied("Gemm", index, x, {{"transB", std::int64_t{1}}});
  }

  std::string batch_norm(int index) {
    std::vector<std::string> inputs{input(index)};
    for (const char* name : {"weight", "bias", "running_mean", "running_var"}) {
      const auto* parameter = nn::find_parameter(graph_, parameters_, index, name);
      inputs.push_back(
          builder_.constant(parameter->name, std::span(parameter->values), parameter->shape));
    }
    return builder_.node("BatchNormalization", std::move(inputs),
                         {{"epsilon", static_cast<float>(graph_.layer(index).epsilon)}});
  }

  /// x / 2 (1 + erf(x / sqrt(2)))
  std::string gelu(const std::string& x) {
    const auto number = [&](double n) { return builder_.scalar("number", static_cast<float>(n)); };
    const std::string erf =
        builder_.node("Erf", {builder_.node("Mul", {x, number(1 / std::numbers::sqrt2)})});
    return builder_.node(
        "Mul", {builder_.node("Mul", {x, number(0.5)}), builder_.node("Add", {erf, number(1)})});
  }

  ModelBuilder& builder_;
  const nn::Graph& graph_;
  const nn::ParameterValues& parameters_;
  bool keep_batch_norm_;
  std::vector<std::string> values_;
};

}  // namespace

std::string add_network(ModelBuilder& builder, const nn::Graph& graph,
                        const nn::InputScaling& scaling, const nn::ParameterValues& parameters,
                        bool keep_batch_norm, const std::string& pictures) {
  return NetworkNodes(builder, graph, parameters, keep_batch_norm).output(scaling, pictures);
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
