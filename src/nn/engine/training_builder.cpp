#include "nn/engine/training_builder.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "nn/engine/amx/convert.hpp"
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
      chains_(chains_of(graph)),
      declarations_(graph.parameters()),
      frozen_(graph, batch_size, type, program),
      values_(graph.layers().size()) {}

void TrainingBuilder::build() {
  auto input = std::make_shared<TrainingValue>();
  input->data = program_.persistent(plain_desc(dims_of(graph_.input(), batch_size_), type_));
  input->needs_gradient = wants_input_gradient_;
  input_ = input->data;
  value(0) = input;
  emit_frozen();
  for (int i = 1; i < static_cast<int>(graph_.layers().size()); ++i) {
    if (!value(i)) graph_.layer(i).train(*this);
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
    value(i) = std::make_shared<TrainingValue>();
    value(i)->data = frozen_.output(i);
  }
}

void TrainingBuilder::emit_output() {
  const TrainingValuePtr y = values_.back();
  const Desc plain = plain_desc(dims_of_value(y->data, graph_.output()), DataType::f32);
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

void TrainingBuilder::emit_input_gradient(const TrainingValuePtr& input) {
  const Desc plain = plain_desc(input_.desc().dims(), DataType::f32);
  input_gradient_ = program_.persistent(plain);
  const Tensor gradient = program_.in_layout(Program::backward, "input", input->gradient, plain);
  program_.add(Program::backward, "input.gradient", {gradient},
               [from = gradient, to = input_gradient_, n = plain.get_size() / sizeof(float)] {
                 convert(static_cast<const float*>(from.data()), n, DataType::f32, to.data());
               });
}

const TrainingValuePtr& TrainingBuilder::input(const Layer& layer, std::size_t which) const {
  return values_[static_cast<std::size_t>(layer.inputs()[which].layer)];
}

const TrainingValuePtr& TrainingBuilder::output(const Layer& layer) const {
  return values_[static_cast<std::size_t>(layer.index())];
}

Dims TrainingBuilder::dims_of_value(const Tensor& tensor, const Shape& shape) const {
  if (!amx::is_maps(tensor.desc())) return tensor.desc().dims();
  const amx::Maps maps = amx::maps_of(tensor.desc(), batch_size_);
  if (shape.flat && maps.positions() == 1) return dims_of(shape, batch_size_);
  return {batch_size_, shape.size() / static_cast<std::int64_t>(maps.positions()), maps.height,
          maps.width};
}

Tensor TrainingBuilder::outside_amx(const Layer& layer, const Tensor& tensor) {
  if (!amx::is_maps(tensor.desc())) return tensor;
  const Dims dims = dims_of_value(tensor, layer.input());
  return program_.in_layout(
      Program::forward, layer.name(), tensor,
      dims.size() == 4 ? Desc(dims, type_, Tag::nhwc) : plain_desc(dims, type_));
}

TrainingValuePtr TrainingBuilder::add_output(const Layer& layer, const Tensor& data) {
  auto made = std::make_shared<TrainingValue>();
  made->data = data;
  made->needs_gradient = !layer.parameters().empty();
  for (std::size_t i = 0; i < layer.inputs().size(); ++i) {
    made->needs_gradient = made->needs_gradient || input(layer, i)->needs_gradient;
  }
  value(layer.index()) = made;
  return made;
}

void TrainingBuilder::set_output(int layer, TrainingValuePtr value) {
  values_[static_cast<std::size_t>(layer)] = std::move(value);
}

std::size_t TrainingBuilder::parameter_index(const Layer& layer, std::string_view name) const {
  const std::string full = layer.name() + "." + std::string(name);
  const auto found = std::ranges::find(declarations_, full, &ParameterDeclaration::name);
  if (found == declarations_.end()) throw Error("training: there is no parameter " + full);
  return static_cast<std::size_t>(found - declarations_.begin());
}

Tensor TrainingBuilder::add_parameter(const Layer& layer, std::string_view name, const Desc& layout,
                                      const Desc& plain) {
  return parameters_.add(layout, {parameter_index(layer, name)}, plain);
}

void TrainingBuilder::give_gradient(const TrainingValuePtr& value, const Tensor& gradient,
                                    bool shared, const std::string& name) {
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

Tensor TrainingBuilder::gradient_of(const TrainingValuePtr& y, const std::string& name) {
  return program_.in_layout(Program::backward, name, y->gradient, y->data.desc());
}

Tensor TrainingBuilder::writable_gradient(const TrainingValuePtr& y, const Tensor& gradient) {
  const bool in_place = !y->gradient_shared || gradient.buffer != y->gradient.buffer;
  return in_place ? gradient : program_.tensor(gradient.desc());
}

Tensor TrainingBuilder::relu_gradient(const TrainingValuePtr& y, const std::string& name) {
  const Tensor gradient = gradient_of(y, name);
  const Tensor masked = writable_gradient(y, gradient);
  const std::size_t n = gradient.desc().get_size() / element_size(type_);
  program_.add(Program::backward, name + ".relu_backward", {gradient, y->data, masked},
               [=, y_data = y->data, type = type_] {
                 relu_backward(gradient.data(), y_data.data(), n, type, masked.data());
               });
  return masked;
}

}  // namespace thimble::nn
