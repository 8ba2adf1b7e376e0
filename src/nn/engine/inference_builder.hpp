// Turns a graph, or its first layers, into the operations of a forward pass with fixed parameters:
// batch norm by its running statistics, folded into the convolution before it, dropout left out.

#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "nn/engine/program.hpp"
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

 private:
  /// One oneDNN memory that fill() fills: weights and bias of a convolution or dense layer (with a
  /// batch norm folded in), or a batch norm's statistics and scale.
  struct Filled {
    int layer;
    std::optional<int> folded_norm;
    Tensor weights, bias;      // convolution, dense
    bool has_weights = false;  // somebody else filled them in already
    Desc plain_weights;
    Tensor scale_shift, mean, variance;  // batch norm on its own
  };

  void emit(int index);
  void conv(int index);
  void dense(int index);
  void batch_norm(int index);
  void pool(int index);
  void activation(int index);
  void flatten(int index);
  void add(int index);
  void fill_product(const Filled& filled, const ParameterValues& values);
  void fill_norm(const Filled& filled, const ParameterValues& values);

  /// The layer below `end` that alone takes this one's output, if it is of `kind`.
  std::optional<int> sole_consumer(int index, LayerKind kind) const;
  /// Memory for a layer's weights, where possible that of another network.
  void place_weights(Filled& filled, const Desc& layout);
  Tensor& value(int index) { return values_[static_cast<std::size_t>(index)]; }

  const Graph& graph_;
  int batch_size_;
  DataType type_;
  Program& program_;
  const std::vector<LaidOutWeights>* shared_;
  int end_ = 0;
  std::vector<Tensor> values_;
  std::vector<Filled> filled_;
  std::vector<LaidOutWeights> own_weights_;
  std::vector<std::shared_ptr<Block>> others_weights_;
};

}  // namespace thimble::nn
