#include "nn/engine/training_builder.hpp"

#include "base/error.hpp"
#include "base/random.hpp"
#include "nn/engine/kernels.hpp"

namespace thimble::nn {

TrainingBuilder::TrainingBuilder(const Graph& graph, int batch_size, DataType type,
                                 int first_trained_layer, bool input_gradient, TrainingState& state,
                                 Program& program, ParameterStore& parameters)
    : graph_(graph),
      batch_size_(batch_size),
      type_(type),
      first_trained_layer_(first_trained_layer),
      wants_input_gradient_(input_gradient),
      state_(state),
      program_(program),
      parameters_(parameters),
      declarations_(graph.parameters()),
      frozen_(graph, batch_size, type, program),
      values_(graph.layers().size()) {}

void TrainingBuilder::build() {
  auto input = std::make_shared<Value>();
  input->data = program_.persistent(plain_desc(dims_of(graph_.input(), batch_size_), type_));
  input->needs_gradient = wants_input_gradient_;
  input_ = input->data;
  value(0) = input;
  emit_frozen();
  for (int i = 1; i < static_cast<int>(graph_.layers().size()); ++i) {
    if (!value(i)) value(i) = emit(i);
  }
  emit_output();
  for (auto emit_backward = backward_.rbegin(); emit_backward != backward_.rend();
       ++emit_backward) {
    (*emit_backward)();
  }
  if (wants_input_gradient_) emit_input_gradient(input);
}

void TrainingBuilder::emit_frozen() {
  if (first_trained_layer_ <= 1) return;
  frozen_.build(input_, first_trained_layer_);
  for (int i = 1; i < first_trained_layer_; ++i) {
    value(i) = std::make_shared<Value>();
    value(i)->data = frozen_.output(i);
  }
}

TrainingBuilder::ValuePtr TrainingBuilder::emit(int index) {
  switch (graph_.layer(index).kind) {
    case LayerKind::conv:
      return conv(index);
    case LayerKind::dense:
      return dense(index);
    case LayerKind::batch_norm:
      return batch_norm(index);
    case LayerKind::max_pool:
    case LayerKind::avg_pool:
    case LayerKind::global_max_pool:
    case LayerKind::global_avg_pool:
      return pool(index);
    case LayerKind::relu:
    case LayerKind::gelu:
      return activation(index);
    case LayerKind::dropout:
      return dropout(index);
    case LayerKind::flatten:
      return flatten(index);
    case LayerKind::add:
      return add(index);
    case LayerKind::input:
      break;
  }
  throw Error("training: a layer of unknown kind");
}

void TrainingBuilder::emit_output() {
  const ValuePtr y = values_.back();
  const Desc plain = plain_desc(y->data.desc().dims(), DataType::f32);
  output_ = program_.persistent(plain);
  output_gradient_ = program_.persistent(plain);
  const Tensor output = program_.in_layout(Program::forward, "output", y->data, plain);
  program_.add(Program::forward, "output", {output},
               [from = output, to = output_, this_size = plain.get_size() / sizeof(float)] {
                 convert(static_cast<const float*>(from.data()), this_size, DataType::f32,
                         to.data());
               });
  const Tensor gradient = program_.tensor(plain_desc(plain.dims(), type_));
  program_.add(
      Program::backward, "output.gradient", {gradient},
      [from = output_gradient_, to = gradient, n = plain.get_size() / sizeof(float), type = type_] {
        convert(static_cast<const float*>(from.data()), n, type, to.data());
      });
  give_gradient(y, gradient, false, "output");
}

void TrainingBuilder::emit_input_gradient(const ValuePtr& input) {
  const Desc plain = plain_desc(input_.desc().dims(), DataType::f32);
  input_gradient_ = program_.persistent(plain);
  const Tensor gradient = program_.in_layout(Program::backward, "input", input->gradient, plain);
  program_.add(Program::backward, "input.gradient", {gradient},
               [from = gradient, to = input_gradient_, n = plain.get_size() / sizeof(float)] {
                 convert(static_cast<const float*>(from.data()), n, DataType::f32, to.data());
               });
}

int TrainingBuilder::fusible_relu(int index) const {
  const int consumer = graph_.sole_consumer(index);
  return consumer >= 0 && graph_.layer(consumer).kind == LayerKind::relu ? consumer : -1;
}

std::size_t TrainingBuilder::parameter_index(int layer, ParameterRole role) const {
  for (std::size_t i = 0; i < declarations_.size(); ++i) {
    if (declarations_[i].layer == layer && declarations_[i].role == role) return i;
  }
  throw Error("training: a layer lacks a parameter");
}

TrainingBuilder::ValuePtr TrainingBuilder::make_value(const Tensor& data, const ValuePtr& from,
                                                      bool has_parameters) {
  auto made = std::make_shared<Value>();
  made->data = data;
  made->needs_gradient = has_parameters || from->needs_gradient;
  return made;
}

void TrainingBuilder::give_gradient(const ValuePtr& value, const Tensor& gradient, bool shared,
                                    const std::string& name) {
  if (!value->gradient) {
    value->gradient = gradient;
    value->gradient_shared = shared;
    return;
  }
  const Tensor sum =
      value->gradient_shared ? program_.tensor(value->gradient.desc()) : value->gradient;
  const Tensor other =
      program_.in_layout(Program::backward, name, gradient, value->gradient.desc());
  const dnnl::binary::primitive_desc desc(
      dnnl::binary::desc(dnnl::algorithm::binary_add, sum.desc(), sum.desc(), sum.desc()),
      planned_scratchpad(), cpu_engine());
  program_.add(Program::backward, name + ".sum", dnnl::binary(desc), desc,
               {{DNNL_ARG_SRC_0, value->gradient}, {DNNL_ARG_SRC_1, other}, {DNNL_ARG_DST, sum}});
  value->gradient = sum;
  value->gradient_shared = false;
}

Tensor TrainingBuilder::relu_gradient(const ValuePtr& y, const std::string& name) {
  const Tensor gradient = program_.in_layout(Program::backward, name, y->gradient, y->data.desc());
  const bool in_place = !y->gradient_shared || gradient.buffer != y->gradient.buffer;
  const Tensor masked = in_place ? gradient : program_.tensor(gradient.desc());
  const std::size_t n = gradient.desc().get_size() / element_size(type_);
  program_.add(Program::backward, name + ".relu_backward", {gradient, y->data, masked},
               [=, y_data = y->data, type = type_] {
                 relu_backward(gradient.data(), y_data.data(), n, type, masked.data());
               });
  return masked;
}

TrainingBuilder::ValuePtr TrainingBuilder::pool(int index) {
  const Layer& l = graph_.layer(index);
  const ValuePtr x = value(l.inputs[0]);
  const bool is_max = l.kind == LayerKind::max_pool || l.kind == LayerKind::global_max_pool;
  const auto algorithm =
      is_max ? dnnl::algorithm::pooling_max : dnnl::algorithm::pooling_avg_exclude_padding;
  const Dims kernel{l.kernel.height, l.kernel.width}, strides{l.stride.height, l.stride.width},
      pads{l.pad.height, l.pad.width};
  const Desc wanted(dims_of(l.output, batch_size_), type_, Tag::any);
  const dnnl::pooling_forward::primitive_desc forward(
      dnnl::pooling_forward::desc(dnnl::prop_kind::forward_training, algorithm, x->data.desc(),
                                  wanted, strides, kernel, pads, pads),
      planned_scratchpad(), cpu_engine());
  const Tensor out = program_.tensor(forward.dst_desc());
  std::unordered_map<int, Tensor> arguments{{DNNL_ARG_SRC, x->data}, {DNNL_ARG_DST, out}};
  Tensor workspace;
  if (is_max) arguments[DNNL_ARG_WORKSPACE] = workspace = program_.tensor(forward.workspace_desc());
  program_.add(Program::forward, l.name, dnnl::pooling_forward(forward), forward, arguments);

  const ValuePtr y = make_value(out, x, false);
  backward_.push_back([=, this, name = l.name] {
    if (!x->needs_gradient) return;
    // A ReLU before the pool can be undone here, on a quarter of the values: where the largest of a
    // window is 0, no gradient passes either way.
    const Tensor gradient = x->relu_done_by_pool ? relu_gradient(y, name)
                                                 : program_.in_layout(Program::backward, name,
                                                                      y->gradient, y->data.desc());
    const dnnl::pooling_backward::primitive_desc backward(
        dnnl::pooling_backward::desc(algorithm, x->data.desc(), gradient.desc(), strides, kernel,
                                     pads, pads),
        planned_scratchpad(), cpu_engine(), forward);
    const Tensor source_gradient = program_.tensor(backward.diff_src_desc());
    std::unordered_map<int, Tensor> backward_arguments{{DNNL_ARG_DIFF_DST, gradient},
                                                       {DNNL_ARG_DIFF_SRC, source_gradient}};
    if (is_max) backward_arguments[DNNL_ARG_WORKSPACE] = workspace;
    program_.add(Program::backward, name + ".backward", dnnl::pooling_backward(backward), backward,
                 backward_arguments);
    give_gradient(x, source_gradient, false, name);
  });
  return y;
}

TrainingBuilder::ValuePtr TrainingBuilder::activation(int index) {
  const Layer& l = graph_.layer(index);
  const ValuePtr x = value(l.inputs[0]);
  const bool relu = l.kind == LayerKind::relu;
  const auto algorithm = relu ? dnnl::algorithm::eltwise_relu : dnnl::algorithm::eltwise_gelu_erf;
  const dnnl::eltwise_forward::primitive_desc forward(
      dnnl::eltwise_forward::desc(dnnl::prop_kind::forward_training, algorithm, x->data.desc(),
                                  0.0f),
      planned_scratchpad(), cpu_engine());
  const Tensor out = program_.tensor(forward.dst_desc());
  program_.add(Program::forward, l.name, dnnl::eltwise_forward(forward), forward,
               {{DNNL_ARG_SRC, x->data}, {DNNL_ARG_DST, out}});
  const ValuePtr y = make_value(out, x, false);
  backward_.push_back([=, this, name = l.name] {
    if (!x->needs_gradient) return;
    if (relu) {
      give_gradient(x, relu_gradient(y, name), false, name);
      return;
    }
    const Tensor gradient =
        program_.in_layout(Program::backward, name, y->gradient, y->data.desc());
    const dnnl::eltwise_backward::primitive_desc backward(
        dnnl::eltwise_backward::desc(algorithm, gradient.desc(), x->data.desc(), 0.0f),
        planned_scratchpad(), cpu_engine(), forward);
    const Tensor source_gradient = program_.tensor(backward.diff_src_desc());
    program_.add(Program::backward, name + ".backward", dnnl::eltwise_backward(backward), backward,
                 {{DNNL_ARG_SRC, x->data},
                  {DNNL_ARG_DIFF_DST, gradient},
                  {DNNL_ARG_DIFF_SRC, source_gradient}});
    give_gradient(x, source_gradient, false, name);
  });
  return y;
}

TrainingBuilder::ValuePtr TrainingBuilder::dropout(int index) {
  const Layer& l = graph_.layer(index);
  const ValuePtr x = value(l.inputs[0]);
  if (l.rate == 0) return x;
  const Tensor out = program_.tensor(x->data.desc());
  const std::size_t n = out.desc().get_size() / element_size(type_);
  const auto drop = [n, index, rate = l.rate, type = type_, &state = state_](const Tensor& from,
                                                                             const Tensor& to) {
    const std::uint64_t key = hash_seed(state.seed, state.step, static_cast<std::uint64_t>(index));
    nn::dropout(from.data(), n, type, rate, key, to.data());
  };
  program_.add(Program::forward, l.name, {x->data, out}, [=, from = x->data] { drop(from, out); });
  const ValuePtr y = make_value(out, x, false);
  backward_.push_back([=, this, name = l.name] {
    if (!x->needs_gradient) return;
    const Tensor gradient =
        program_.in_layout(Program::backward, name, y->gradient, y->data.desc());
    const bool in_place = !y->gradient_shared || gradient.buffer != y->gradient.buffer;
    const Tensor source_gradient = in_place ? gradient : program_.tensor(gradient.desc());
    program_.add(Program::backward, name + ".backward", {gradient, source_gradient},
                 [=] { drop(gradient, source_gradient); });
    give_gradient(x, source_gradient, false, name);
  });
  return y;
}

TrainingBuilder::ValuePtr TrainingBuilder::flatten(int index) {
  const Layer& l = graph_.layer(index);
  const ValuePtr x = value(l.inputs[0]);
  // A dense layer takes maps in any layout, so most flattens need no work.
  if (graph_.only_feeds_dense(index)) return x;
  const Desc plain = plain_desc(x->data.desc().dims(), type_);
  const Desc flat = plain_desc(dims_of(l.output, batch_size_), type_);
  const Tensor map = program_.in_layout(Program::forward, l.name, x->data, plain);
  const ValuePtr y = make_value(program_.alias(map, flat), x, false);
  backward_.push_back([=, this, name = l.name] {
    if (!x->needs_gradient) return;
    const Tensor gradient = program_.in_layout(Program::backward, name, y->gradient, flat);
    give_gradient(x, program_.alias(gradient, plain), y->gradient_shared, name);
  });
  return y;
}

TrainingBuilder::ValuePtr TrainingBuilder::add(int index) {
  const Layer& l = graph_.layer(index);
  const ValuePtr a = value(l.inputs[0]);
  const ValuePtr b = value(l.inputs[1]);
  const Desc layout = a->data.desc();
  const Tensor other = program_.in_layout(Program::forward, l.name, b->data, layout);
  const Tensor out = program_.tensor(layout);
  const dnnl::binary::primitive_desc desc(
      dnnl::binary::desc(dnnl::algorithm::binary_add, layout, layout, layout), planned_scratchpad(),
      cpu_engine());
  program_.add(Program::forward, l.name, dnnl::binary(desc), desc,
               {{DNNL_ARG_SRC_0, a->data}, {DNNL_ARG_SRC_1, other}, {DNNL_ARG_DST, out}});
  const ValuePtr y = make_value(out, a, b->needs_gradient);
  backward_.push_back([=, this, name = l.name] {
    if (a->needs_gradient) give_gradient(a, y->gradient, true, name);
    if (b->needs_gradient) give_gradient(b, y->gradient, true, name);
  });
  return y;
}

}  // namespace thimble::nn
