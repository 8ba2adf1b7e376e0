#include "nn/layers/activation.hpp"

#include <numbers>

#include "nn/engine/amx/picture_loops.hpp"
#include "nn/engine/inference_builder.hpp"
#include "nn/engine/training_builder.hpp"
#include "nn/layers/layer_line.hpp"
#include "nn/network_export.hpp"

namespace thimble::nn {
namespace {

using Forward = dnnl::eltwise_forward;
using Backward = dnnl::eltwise_backward;

constexpr auto kRelu = dnnl::algorithm::eltwise_relu;
constexpr auto kGelu = dnnl::algorithm::eltwise_gelu_erf;

template <class Activation>
std::unique_ptr<Layer> parse(LayerLine& line) {
  return std::make_unique<Activation>(line.input());
}

Forward::primitive_desc describe_forward(dnnl::prop_kind propagation, dnnl::algorithm algorithm,
                                         const Desc& desc) {
  return Forward::primitive_desc(Forward::desc(propagation, algorithm, desc, 0.0f),
                                 planned_scratchpad(), cpu_engine());
}

/// Adds the forward pass of a training step.
Forward::primitive_desc train_forward(const Layer& layer, dnnl::algorithm algorithm,
                                      TrainingBuilder& builder) {
  const TrainingValuePtr& x = builder.input(layer);
  const auto forward =
      describe_forward(dnnl::prop_kind::forward_training, algorithm, x->data.desc());
  const Tensor out = builder.program().tensor(forward.dst_desc());
  builder.program().add(Program::forward, layer.name(), Forward(forward), forward,
                        {{DNNL_ARG_SRC, x->data}, {DNNL_ARG_DST, out}});
  builder.add_output(layer, out);
  return forward;
}

void infer_with(const Layer& layer, dnnl::algorithm algorithm, InferenceBuilder& builder) {
  const Tensor& x = builder.input(layer);
  const auto forward = describe_forward(dnnl::prop_kind::forward_inference, algorithm, x.desc());
  const Tensor out = builder.program().tensor(forward.dst_desc());
  builder.program().add(Program::forward, layer.name(), Forward(forward), forward,
                        {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, out}});
  builder.set_output(layer.index(), out);
}

}  // namespace

LayerKind relu_kind() {
  return {"relu", parse<Relu>, {{{3, 4, 5, false}, {"relu"}}, {{11, 1, 1, true}, {"relu"}}}};
}

LayerKind gelu_kind() {
  return {"gelu", parse<Gelu>, {{{3, 4, 5, false}, {"gelu"}}, {{11, 1, 1, true}, {"gelu"}}}};
}

Relu::Relu(const LayerInput& input) : Layer("relu", {input}, input.shape) {}

LayerTraits Relu::traits() const { return {.element_wise = true, .chain_step = ChainStep::relu}; }

std::int64_t Relu::forward_flops() const { return output().size(); }

void Relu::train(TrainingBuilder& builder) const {
  train_forward(*this, kRelu, builder);
  const TrainingValuePtr x = builder.input(*this);
  const TrainingValuePtr y = builder.output(*this);
  builder.on_backward([=, this, &builder] {
    if (!x->needs_gradient) return;
    builder.give_gradient(x, builder.relu_gradient(y, name()), false, name());
  });
}

void Relu::infer(InferenceBuilder& builder) const { infer_with(*this, kRelu, builder); }

void Relu::to_onnx(NetworkExport& file) const {
  file.set_output(index(), file.builder().node("Relu", {file.input(*this)}));
}

Gelu::Gelu(const LayerInput& input) : Layer("gelu", {input}, input.shape) {}

LayerTraits Gelu::traits() const { return {.element_wise = true}; }

std::int64_t Gelu::forward_flops() const { return output().size(); }

void Gelu::train(TrainingBuilder& builder) const {
  const auto forward = train_forward(*this, kGelu, builder);
  const TrainingValuePtr x = builder.input(*this);
  const TrainingValuePtr y = builder.output(*this);
  builder.on_backward([=, this, &builder] {
    if (!x->needs_gradient) return;
    const Tensor gradient = builder.gradient_of(y, name());
    const Backward::primitive_desc backward(
        Backward::desc(kGelu, gradient.desc(), x->data.desc(), 0.0f), planned_scratchpad(),
        cpu_engine(), forward);
    const Tensor source_gradient = builder.program().tensor(backward.diff_src_desc());
    builder.program().add(Program::backward, name() + ".backward", Backward(backward), backward,
                          {{DNNL_ARG_SRC, x->data},
                           {DNNL_ARG_DIFF_DST, gradient},
                           {DNNL_ARG_DIFF_SRC, source_gradient}});
    builder.give_gradient(x, source_gradient, false, name());
  });
}

void Gelu::infer(InferenceBuilder& builder) const { infer_with(*this, kGelu, builder); }

void Gelu::to_onnx(NetworkExport& file) const {
  onnx::ModelBuilder& onnx = file.builder();
  const std::string& x = file.input(*this);
  const auto number = [&](double n) { return onnx.scalar("number", static_cast<float>(n)); };
  const std::string erf =
      onnx.node("Erf", {onnx.node("Mul", {x, number(1 / std::numbers::sqrt2)})});
  file.set_output(index(), onnx.node("Mul", {onnx.node("Mul", {x, number(0.5)}),
                                             onnx.node("Add", {erf, number(1)})}));
}

bool Relu::infer_picture(amx::PictureNetwork& network) const {
  const amx::PictureMap x = network.value(inputs().front().layer);
  const amx::PictureMap out = network.new_map_like(x);
  network.add([x, out](amx::PictureWorkspace& workspace) {
    amx::picture_relu(x, workspace.of(x), workspace.of(out));
  });
  network.set_value(index(), out);
  return true;
}

bool Gelu::infer_picture(amx::PictureNetwork& network) const {
  const amx::PictureMap x = network.value(inputs().front().layer);
  const amx::PictureMap out = network.new_map_like(x);
  network.add([x, out](amx::PictureWorkspace& workspace) {
    amx::picture_gelu(x, workspace.of(x), workspace.of(out));
  });
  network.set_value(index(), out);
  return true;
}

}  // namespace thimble::nn
