#include "nn/engine/inference_builder.hpp"

#include <algorithm>

#include "nn/engine/convolution.hpp"
#include "nn/layer_parameters.hpp"

namespace thimble::nn {

InferenceBuilder::InferenceBuilder(const Graph& graph, int batch_size, DataType type,
                                   Program& program, const std::vector<LaidOutWeights>* shared)
    : graph_(graph),
      batch_size_(batch_size),
      type_(type),
      program_(program),
      shared_(shared),
      values_(graph.layers().size()) {}

void InferenceBuilder::build(const Tensor& input, int end) {
  end_ = end;
  value(0) = input;
  for (int i = 1; i < end; ++i) {
    if (!value(i)) emit(i);
  }
  shared_ = nullptr;
}

void InferenceBuilder::place_weights(Filled& filled, const Desc& layout) {
  if (shared_ != nullptr) {
    for (const auto& entry : *shared_) {
      if (entry.layer != filled.layer || entry.layout != layout) continue;
      others_weights_.push_back(entry.block);
      filled.weights = {view(layout, entry.block->data()), -1};
      filled.has_weights = true;
      return;
    }
  }
  auto block = std::make_shared<Block>(layout.get_size());
  filled.weights = {view(layout, block->data()), -1};
  own_weights_.push_back({filled.layer, layout, std::move(block)});
}

std::optional<int> InferenceBuilder::sole_consumer(int index, LayerKind kind) const {
  const int consumer = graph_.sole_consumer(index);
  if (consumer < 0 || consumer >= end_ || graph_.layer(consumer).kind != kind) return std::nullopt;
  return consumer;
}

void InferenceBuilder::emit(int index) {
  const Layer& l = graph_.layer(index);
  switch (l.kind) {
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
      value(index) = value(l.inputs[0]);
      return;
    case LayerKind::flatten:
      return flatten(index);
    case LayerKind::add:
      return add(index);
    case LayerKind::input:
      return;
  }
}

void InferenceBuilder::conv(int index) {
  const Layer& l = graph_.layer(index);
  Filled filled{};
  filled.layer = index;
  int last = index;
  if (const auto norm = sole_consumer(last, LayerKind::batch_norm))
    filled.folded_norm = last = *norm;
  const auto relu = sole_consumer(last, LayerKind::relu);
  if (relu) last = *relu;

  ConvolutionShape shape = ConvolutionShape::of(graph_, l, batch_size_);
  shape.has_bias = l.bias || filled.folded_norm;
  const Tensor x = value(l.inputs[0]);
  const auto forward = choose_convolution(shape, x.desc(), type_, false, relu.has_value());
  const Tensor out = program_.tensor(forward.dst_desc());
  place_weights(filled, forward.weights_desc());
  filled.plain_weights = plain_desc(shape.weights, DataType::f32);
  std::unordered_map<int, Tensor> arguments{
      {DNNL_ARG_SRC, program_.in_layout(Program::forward, l.name, x, forward.src_desc())},
      {DNNL_ARG_WEIGHTS, filled.weights},
      {DNNL_ARG_DST, out}};
  if (shape.has_bias) {
    arguments[DNNL_ARG_BIAS] = filled.bias =
        program_.persistent(plain_desc(shape.bias, DataType::f32));
  }
  program_.add(Program::forward, l.name, dnnl::convolution_forward(forward), forward, arguments);
  filled_.push_back(filled);
  for (const int i : {index, filled.folded_norm.value_or(index), last}) value(i) = out;
}

void InferenceBuilder::dense(int index) {
  using Forward = dnnl::inner_product_forward;
  const Layer& l = graph_.layer(index);
  const auto relu = sole_consumer(index, LayerKind::relu);
  const Tensor x = value(l.inputs[0]);
  const bool last = index + 1 == static_cast<int>(graph_.layers().size());
  Dims weights_dims = x.desc().dims();
  weights_dims[0] = l.features;
  const Desc out_desc = plain_desc({batch_size_, l.features}, last ? DataType::f32 : type_);
  const Desc bias_desc = l.bias ? Desc({l.features}, DataType::f32, Tag::a) : Desc();
  dnnl::primitive_attr attributes = planned_scratchpad();
  if (relu) {
    dnnl::post_ops post;
    post.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
    attributes.set_post_ops(post);
  }
  const auto make = [&](const Desc& source) {
    return Forward::primitive_desc(
        Forward::desc(dnnl::prop_kind::forward_inference, source,
                      Desc(weights_dims, type_, Tag::any), bias_desc, out_desc),
        attributes, cpu_engine());
  };
  auto forward = make(x.desc());
  if (is_reference(forward.impl_info_str())) forward = make(plain_desc(x.desc().dims(), type_));

  Filled filled{};
  filled.layer = index;
  place_weights(filled, forward.weights_desc());
  filled.plain_weights = plain_desc(weights_dims, DataType::f32);
  const Tensor out = program_.tensor(out_desc);
  std::unordered_map<int, Tensor> arguments{
      {DNNL_ARG_SRC, program_.in_layout(Program::forward, l.name, x, forward.src_desc())},
      {DNNL_ARG_WEIGHTS, filled.weights},
      {DNNL_ARG_DST, out}};
  if (l.bias) arguments[DNNL_ARG_BIAS] = filled.bias = program_.persistent(bias_desc);
  program_.add(Program::forward, l.name, Forward(forward), forward, arguments);
  filled_.push_back(filled);
  value(index) = out;
  if (relu) value(*relu) = out;
}

void InferenceBuilder::batch_norm(int index) {
  using Forward = dnnl::batch_normalization_forward;
  const Layer& l = graph_.layer(index);
  const auto relu = sole_consumer(index, LayerKind::relu);
  const Tensor x = value(l.inputs[0]);
  auto flags =
      dnnl::normalization_flags::use_scale_shift | dnnl::normalization_flags::use_global_stats;
  if (relu) flags |= dnnl::normalization_flags::fuse_norm_relu;
  const Forward::primitive_desc forward(Forward::desc(dnnl::prop_kind::forward_inference, x.desc(),
                                                      static_cast<float>(l.epsilon), flags),
                                        planned_scratchpad(), cpu_engine());
  Filled filled{};
  filled.layer = index;
  filled.scale_shift = program_.persistent(Desc({2, l.output.channels}, DataType::f32, Tag::ab));
  filled.mean = program_.persistent(forward.mean_desc());
  filled.variance = program_.persistent(forward.variance_desc());
  const Tensor out = program_.tensor(forward.dst_desc());
  program_.add(Program::forward, l.name, Forward(forward), forward,
               {{DNNL_ARG_SRC, x},
                {DNNL_ARG_DST, out},
                {DNNL_ARG_SCALE_SHIFT, filled.scale_shift},
                {DNNL_ARG_MEAN, filled.mean},
                {DNNL_ARG_VARIANCE, filled.variance}});
  filled_.push_back(filled);
  value(index) = out;
  if (relu) value(*relu) = out;
}

void InferenceBuilder::pool(int index) {
  const Layer& l = graph_.layer(index);
  const Tensor x = value(l.inputs[0]);
  const bool is_max = l.kind == LayerKind::max_pool || l.kind == LayerKind::global_max_pool;
  const dnnl::pooling_forward::primitive_desc forward(
      dnnl::pooling_forward::desc(
          dnnl::prop_kind::forward_inference,
          is_max ? dnnl::algorithm::pooling_max : dnnl::algorithm::pooling_avg_exclude_padding,
          x.desc(), Desc(dims_of(l.output, batch_size_), type_, Tag::any),
          {l.stride.height, l.stride.width}, {l.kernel.height, l.kernel.width},
          {l.pad.height, l.pad.width}, {l.pad.height, l.pad.width}),
      planned_scratchpad(), cpu_engine());
  const Tensor out = program_.tensor(forward.dst_desc());
  program_.add(Program::forward, l.name, dnnl::pooling_forward(forward), forward,
               {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, out}});
  value(index) = out;
}

void InferenceBuilder::activation(int index) {
  const Layer& l = graph_.layer(index);
  const Tensor x = value(l.inputs[0]);
  const dnnl::eltwise_forward::primitive_desc forward(
      dnnl::eltwise_forward::desc(dnnl::prop_kind::forward_inference,
                                  l.kind == LayerKind::relu ? dnnl::algorithm::eltwise_relu
                                                            : dnnl::algorithm::eltwise_gelu_erf,
                                  x.desc(), 0.0f),
      planned_scratchpad(), cpu_engine());
  const Tensor out = program_.tensor(forward.dst_desc());
  program_.add(Program::forward, l.name, dnnl::eltwise_forward(forward), forward,
               {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, out}});
  value(index) = out;
}

void InferenceBuilder::flatten(int index) {
  const Layer& l = graph_.layer(index);
  const Tensor x = value(l.inputs[0]);
  if (graph_.only_feeds_dense(index)) {
    value(index) = x;
    return;
  }
  const Tensor plain =
      program_.in_layout(Program::forward, l.name, x, plain_desc(x.desc().dims(), type_));
  value(index) = program_.alias(plain, plain_desc(dims_of(l.output, batch_size_), type_));
}

void InferenceBuilder::add(int index) {
  const Layer& l = graph_.layer(index);
  const Tensor a = value(l.inputs[0]);
  const Tensor b = program_.in_layout(Program::forward, l.name, value(l.inputs[1]), a.desc());
  const Tensor out = program_.tensor(a.desc());
  const dnnl::binary::primitive_desc desc(
      dnnl::binary::desc(dnnl::algorithm::binary_add, a.desc(), a.desc(), a.desc()),
      planned_scratchpad(), cpu_engine());
  program_.add(Program::forward, l.name, dnnl::binary(desc), desc,
               {{DNNL_ARG_SRC_0, a}, {DNNL_ARG_SRC_1, b}, {DNNL_ARG_DST, out}});
  value(index) = out;
}

void InferenceBuilder::fill(const ParameterValues& values) {
  for (const auto& filled : filled_) {
    if (filled.weights) {
      fill_product(filled, values);
    } else {
      fill_norm(filled, values);
    }
  }
}

void InferenceBuilder::fill_product(const Filled& filled, const ParameterValues& values) {
  Product product = product_of(graph_, values, filled.layer, filled.folded_norm);
  if (!filled.has_weights) {
    reorder_now(view(filled.plain_weights, product.weights.data()), filled.weights.memory);
  }
  if (filled.bias) std::ranges::copy(product.bias, static_cast<float*>(filled.bias.data()));
}

void InferenceBuilder::fill_norm(const Filled& filled, const ParameterValues& values) {
  const auto copy = [&](const char* name, float* to) {
    return std::ranges::copy(find_parameter(graph_, values, filled.layer, name)->values, to).out;
  };
  copy("bias", copy("weight", static_cast<float*>(filled.scale_shift.data())));
  copy("running_mean", static_cast<float*>(filled.mean.data()));
  copy("running_var", static_cast<float*>(filled.variance.data()));
}

}  // namespace thimble::nn
