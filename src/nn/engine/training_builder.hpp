// Turns a graph into the operations of a training step.
//
// Layers are emitted front to back; each leaves a closure that emits its backward operations, and
// those run back to front. A ReLU behind a convolution, dense layer or batch norm is fused into it.
// Frozen layers, which come first, are those of an inference network: they have no backward.

#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "nn/engine/inference_builder.hpp"
#include "nn/engine/parameter_store.hpp"
#include "nn/engine/program.hpp"
#include "nn/graph.hpp"

namespace thimble::nn {

/// What operations look up when they run.
struct TrainingState {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  int statistics_batches = 0;  ///< 0: running statistics move by momentum; k: mean of k batches
};

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

 private:
  /// What a layer puts out, and the gradient that its consumers give back.
  struct Value {
    Tensor data;
    Tensor gradient;
    bool gradient_shared = false;  // somebody else reads it too: not to be changed in place
    bool needs_gradient = false;
    bool relu_done_by_pool = false;  // ReLU's backward is applied behind the max pool instead
  };
  using ValuePtr = std::shared_ptr<Value>;

  void emit_frozen();
  ValuePtr emit(int index);
  ValuePtr conv(int index);
  ValuePtr dense(int index);
  ValuePtr batch_norm(int index);
  ValuePtr pool(int index);
  ValuePtr activation(int index);
  ValuePtr dropout(int index);
  ValuePtr flatten(int index);
  ValuePtr add(int index);

  /// The 2x2 max pool behind a convolution and its ReLU, where the three can be one operation; or
  /// -1.
  int pool_behind(int index) const;
  ValuePtr first_pooled_conv(int index, int pool);
  /// Null if the layouts that oneDNN chose do not suit.
  ValuePtr sparse_pooled_conv(int index, int pool);

  void conv_backward(int index, const ValuePtr& x, const ValuePtr& y, const Tensor& source,
                     const dnnl::convolution_forward::primitive_desc& forward, Tensor weights,
                     Tensor bias);
  /// Gradient of the weights, laid out [kernel, in, out], as a product of matrices.
  void unfolded_backward_weights(int index, const Tensor& source, const Tensor& gradient,
                                 const Tensor& weights);
  void emit_output();
  void emit_input_gradient(const ValuePtr& input);

  /// A ReLU that can be fused into this layer, or -1.
  int fusible_relu(int index) const;
  std::size_t parameter_index(int layer, ParameterRole role) const;

  ValuePtr& value(int index) { return values_[static_cast<std::size_t>(index)]; }
  ValuePtr make_value(const Tensor& data, const ValuePtr& from, bool has_parameters);
  /// Adds a contribution to the gradient of a value.
  void give_gradient(const ValuePtr& value, const Tensor& gradient, bool shared,
                     const std::string& name);
  /// Gradient of y in the layout of y, with ReLU's backward applied.
  Tensor relu_gradient(const ValuePtr& y, const std::string& name);

  const Graph& graph_;
  int batch_size_;
  DataType type_;
  int first_trained_layer_;
  bool wants_input_gradient_;
  TrainingState& state_;
  Program& program_;
  ParameterStore& parameters_;
  std::vector<ParameterDeclaration> declarations_;
  InferenceBuilder frozen_;

  std::vector<ValuePtr> values_;
  std::vector<std::function<void()>> backward_;
  Tensor input_, output_, output_gradient_, input_gradient_;
};

}  // namespace thimble::nn
