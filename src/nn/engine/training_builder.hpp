// Turns a graph into the operations of a training step.
//
// Layers are emitted front to back (Layer::train); each leaves a closure that emits its backward
// operations, and those run back to front. A layer may emit those behind it that chain() lists
// along with itself. Frozen layers, which come first, are those of an inference network: they have
// no backward.

#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "nn/engine/inference_builder.hpp"
#include "nn/engine/parameter_store.hpp"
#include "nn/engine/program.hpp"
#include "nn/fusion.hpp"
#include "nn/graph.hpp"

namespace thimble::nn {

/// What operations look up when they run.
struct TrainingState {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  int statistics_batches = 0;  ///< 0: running statistics move by momentum; k: mean of k batches
};

/// What a layer puts out in training, and the gradient that its consumers give back.
struct TrainingValue {
  Tensor data;
  Tensor gradient;
  bool gradient_shared = false;  ///< somebody else reads it too: not to be changed in place
  bool needs_gradient = false;
  bool relu_done_by_pool = false;  ///< ReLU's backward is applied behind the max pool instead
};
using TrainingValuePtr = std::shared_ptr<TrainingValue>;

class TrainingBuilder {
 public:
  /// @param first_trained_layer  layers below it are frozen
  TrainingBuilder(const Graph& graph, int batch_size, DataType type, int first_trained_layer,
                  bool input_gradient, TrainingState& state, Program& program,
                  ParameterStore& parameters);

  /// Emits everything. The tensors below are valid afterwards.
  void build();

  /// Takes the parameters of the frozen layers, once the program's memory is there.
  void fill_frozen(const ParameterValues& values) { frozen_.fill(values); }

  Tensor input() const { return input_; }    ///< `type` [batch, c, h, w], row-major
  Tensor output() const { return output_; }  ///< fp32, row-major
  Tensor output_gradient() const { return output_gradient_; }  ///< fp32, row-major
  Tensor input_gradient() const { return input_gradient_; }    ///< fp32, row-major, if asked for

  // What layers call to add themselves.

  const Graph& graph() const { return graph_; }
  int batch_size() const { return batch_size_; }
  /// Of activations and their gradients.
  DataType type() const { return type_; }
  Program& program() { return program_; }
  ParameterStore& parameters() { return parameters_; }
  const TrainingState& state() const { return state_; }

  /// The layers behind this one that may be carried out with it.
  const Chain& chain(const Layer& layer) const {
    return chains_[static_cast<std::size_t>(layer.index())];
  }
  /// What goes into a layer.
  const TrainingValuePtr& input(const Layer& layer, std::size_t which = 0) const;
  /// What a layer puts out, once it said so.
  const TrainingValuePtr& output(const Layer& layer) const;

  /// What a layer puts out, once it is known.
  const TrainingValuePtr& value_of(int layer) const {
    return values_[static_cast<std::size_t>(layer)];
  }
  /// Something that goes into a layer in a layout that oneDNN knows: itself, or the rows of maps
  /// (nn/engine/amx).
  Tensor outside_amx(const Layer& layer, const Tensor& tensor);

  /// Says what a layer puts out. It needs a gradient if the layer has parameters or its input needs
  /// one.
  TrainingValuePtr add_output(const Layer& layer, const Tensor& data);
  /// A layer that was carried out with one before it, or does nothing, puts out this value.
  void set_output(int layer, TrainingValuePtr value);
  /// Calls `emit`, which adds the layer's backward operations, when the gradients of all that it
  /// puts out are known.
  void on_backward(std::function<void()> emit) { backward_.push_back(std::move(emit)); }

  /// Adds a contribution to the gradient of a value.
  void give_gradient(const TrainingValuePtr& value, const Tensor& gradient, bool shared,
                     const std::string& name);
  /// Gradient of y in the layout of y.
  Tensor gradient_of(const TrainingValuePtr& y, const std::string& name);
  /// The same, in memory that may be written to: `gradient` in place, or a tensor as large.
  Tensor writable_gradient(const TrainingValuePtr& y, const Tensor& gradient);
  /// Gradient of y in the layout of y, with ReLU's backward applied.
  Tensor relu_gradient(const TrainingValuePtr& y, const std::string& name);

  /// Index in graph.parameters() of a layer's parameter: "weight".
  std::size_t parameter_index(const Layer& layer, std::string_view name) const;
  /// Adds a parameter to the store, in a layout that oneDNN can reorder from `plain`.
  Tensor add_parameter(const Layer& layer, std::string_view name, const Desc& layout,
                       const Desc& plain);

 private:
  /// Dimensions of a value of that shape as oneDNN knows them: a map's, though the shape be flat.
  Dims dims_of_value(const Tensor& tensor, const Shape& shape) const;
  void emit_frozen();
  void emit_output();
  void emit_input_gradient(const TrainingValuePtr& input);

  TrainingValuePtr& value(int index) { return values_[static_cast<std::size_t>(index)]; }

  const Graph& graph_;
  int batch_size_;
  DataType type_;
  int first_trained_layer_;
  bool wants_input_gradient_;
  TrainingState& state_;
  Program& program_;
  ParameterStore& parameters_;
  std::vector<Chain> chains_;
  std::vector<ParameterDeclaration> declarations_;
  InferenceBuilder frozen_;

  std::vector<TrainingValuePtr> values_;
  std::vector<std::function<void()>> backward_;
  Tensor input_, output_, output_gradient_, input_gradient_;
};

}  // namespace thimble::nn
