// Turns a graph, or its first layers, into the operations of a forward pass with fixed parameters:
// batch norm by its running statistics, folded into the convolution before it, dropout left out.
//
// Layers are emitted front to back (Layer::infer). A layer may emit those behind it that chain()
// lists along with itself.

#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "nn/engine/program.hpp"
#include "nn/fusion.hpp"
#include "nn/graph.hpp"
#include "nn/network.hpp"

namespace thimble::nn {

/// A layer's weights in the layout that a primitive wants, which networks may share.
struct LaidOutWeights {
  int layer;
  Desc layout;
  std::shared_ptr<Block> block;
};

class InferenceBuilder {
 public:
  /// All that is borrowed must outlive the builder; `shared` may be null and is read in build()
  /// only.
  InferenceBuilder(const Graph& graph, int batch_size, DataType type, Program& program,
                   const std::vector<LaidOutWeights>* shared = nullptr);

  /// Emits the layers below `end` into the program's forward phase.
  /// @param input  `type` [batch, c, h, w], row-major
  void build(const Tensor& input, int end);

  /// What a layer below `end` puts out, in whatever layout is fastest.
  const Tensor& output(int layer) const { return values_[static_cast<std::size_t>(layer)]; }

  /// Takes the parameters of the layers below `end`; `values` may have others. To be called once
  /// the program's memory is there.
  void fill(const ParameterValues& values);

  /// The weights that it filled in itself.
  const std::vector<LaidOutWeights>& own_weights() const { return own_weights_; }

  // What layers call to add themselves.

  const Graph& graph() const { return graph_; }
  int batch_size() const { return batch_size_; }
  /// Of activations.
  DataType type() const { return type_; }
  Program& program() { return program_; }

  /// The layers behind this one that may be carried out with it.
  const Chain& chain(const Layer& layer) const {
    return chains_[static_cast<std::size_t>(layer.index())];
  }
  /// What goes into a layer.
  const Tensor& input(const Layer& layer, std::size_t which = 0) const {
    return output(layer.inputs()[which].layer);
  }
  /// Says what a layer puts out, itself or carried out with one before it.
  void set_output(int layer, const Tensor& value) {
    values_[static_cast<std::size_t>(layer)] = value;
  }

  struct Weights {
    Tensor tensor;
    bool is_filled = false;  ///< by another network, which had the same parameters
  };
  /// Memory for a layer's weights, where possible that of another network. A layer may have one.
  Weights weights(const Layer& layer, const Desc& layout);
  /// Calls `fill`, which fills in what the layer keeps of its parameters, whenever there are new
  /// ones.
  void on_fill(std::function<void(const ParameterValues&)> fill) {
    fills_.push_back(std::move(fill));
  }

 private:
  const Graph& graph_;
  int batch_size_;
  DataType type_;
  Program& program_;
  const std::vector<LaidOutWeights>* shared_;
  std::vector<Chain> chains_;
  std::vector<Tensor> values_;
  std::vector<std::function<void(const ParameterValues&)>> fills_;
  std::vector<LaidOutWeights> own_weights_;
  std::vector<std::shared_ptr<Block>> others_weights_;
};

}  // namespace thimble::nn
