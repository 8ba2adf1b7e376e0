// Turns a graph and its parameters into nodes of an ONNX file.

#pragma once

#include <string>
#include <vector>

#include "nn/fusion.hpp"
#include "nn/graph.hpp"
#include "nn/network.hpp"
#include "onnx/model_builder.hpp"

namespace thimble::nn {

/// Adds the layers one after another (Layer::to_onnx). Maps are [batch, channels, height, width],
/// the engine's order too, so that a flattened map needs no rearranging.
class NetworkExport {
 public:
  /// Borrows all three.
  /// @param keep_batch_norm  false: folded into the layers before them where they can be
  NetworkExport(onnx::ModelBuilder& builder, const Graph& graph, const ParameterValues& parameters,
                bool keep_batch_norm);

  /// @param input  float32 [batch, channels, height, width], or [batch, features]
  /// @return       what the last layer puts out, flattened: float32 [batch, values]
  std::string add_layers(const std::string& input);

  // What layers call to add themselves.

  onnx::ModelBuilder& builder() { return builder_; }
  const Graph& graph() const { return graph_; }
  const ParameterValues& parameters() const { return parameters_; }
  bool keeps_batch_norm() const { return keeps_batch_norm_; }

  /// The layers behind this one that may be carried out with it.
  const Chain& chain(const Layer& layer) const {
    return chains_[static_cast<std::size_t>(layer.index())];
  }
  /// The name of what goes into a layer.
  const std::string& input(const Layer& layer, std::size_t which = 0) const {
    return values_[static_cast<std::size_t>(layer.inputs()[which].layer)];
  }
  /// Names what a layer puts out, itself or carried out with one before it.
  void set_output(int layer, std::string value) {
    values_[static_cast<std::size_t>(layer)] = std::move(value);
  }
  /// A parameter as a constant.
  std::string constant(const Layer& layer, const char* parameter);
  /// A map as [batch, channels * height * width].
  std::string flattened(const std::string& map);

 private:
  onnx::ModelBuilder& builder_;
  const Graph& graph_;
  const ParameterValues& parameters_;
  bool keeps_batch_norm_;
  std::vector<Chain> chains_;
  std::vector<std::string> values_;
};

}  // namespace thimble::nn
