// Convolution, ReLU and max pooling as one operation, where pooled_convolution.hpp has it.

#include "nn/engine/convolution.hpp"
#include "nn/engine/pooled_convolution.hpp"
#include "nn/engine/training_builder.hpp"

namespace thimble::nn {
namespace {

PooledConvolution shape_of(const Graph& graph, const Layer& l, int batch) {
  const Shape& in = graph.layer(l.inputs[0]).output;
  PooledConvolution shape;
  shape.batch = batch;
  shape.in_channels = in.channels;
  shape.height = in.height;
  shape.width = in.width;
  shape.pad = l.pad.height;
  shape.out_channels = l.features;
  return shape;
}

Dims pooled_dims(const PooledConvolution& s) {
  return {s.batch, s.out_channels, s.pooled_height(), s.pooled_width()};
}

float* floats(const Tensor& tensor) { return static_cast<float*>(tensor.data()); }
std::uint8_t* bytes(const Tensor& tensor) { return static_cast<std::uint8_t*>(tensor.data()); }

}  // namespace

int TrainingBuilder::pool_behind(int index) const {
  const Layer& l = graph_.layer(index);
  const int relu = fusible_relu(index);
  if (relu < 0 || !has_pooled_convolution()) return -1;
  const int pool = graph_.sole_consumer(relu);
  if (pool < 0) return -1;
  const Layer& p = graph_.layer(pool);
  const bool conv_suits = l.kernel == Extent{3, 3} && l.stride == Extent{1, 1} && l.groups == 1 &&
                          l.pad.height == l.pad.width && l.pad.height <= 1 && l.bias &&
                          l.features % 16 == 0;
  const bool pool_suits = p.kind == LayerKind::max_pool && p.kernel == Extent{2, 2} &&
                          p.stride == Extent{2, 2} && p.pad == Extent{0, 0};
  return conv_suits && pool_suits ? pool : -1;
}

TrainingBuilder::ValuePtr TrainingBuilder::first_pooled_conv(int index, int pool) {
  const Layer& l = graph_.layer(index);
  const ValuePtr x = value(l.inputs[0]);
  const PooledConvolution shape = shape_of(graph_, l, batch_size_);
  const Dims weights_dims{l.features, 1, 3, 3};
  const Tensor weights = parameters_.add(Desc(weights_dims, DataType::f32, Tag::hwio),
                                         {parameter_index(index, ParameterRole::weight)},
                                         plain_desc(weights_dims, DataType::f32));
  const Desc bias_desc = plain_desc({l.features}, DataType::f32);
  const Tensor bias =
      parameters_.add(bias_desc, {parameter_index(index, ParameterRole::bias)}, bias_desc);
  const Tensor out = program_.tensor(Desc(pooled_dims(shape), type_, Tag::nChw16c));
  const Tensor winner = program_.tensor(Desc(pooled_dims(shape), DataType::u8, Tag::nChw16c));
  const std::string name = l.name + "+pool";
  const auto scratch = std::make_shared<PooledScratch>(shape);
  program_.add(Program::forward, name, {x->data, out, winner}, [=, type = type_, source = x->data] {
    pooled_convolution_forward(shape, type, source.data(), floats(weights), floats(bias),
                               out.data(), bytes(winner), *scratch);
  });
  const ValuePtr y = make_value(out, x, true);
  value(fusible_relu(index)) = value(pool) = y;
  backward_.push_back([=, this, source = x->data] {
    const Tensor gradient = program_.in_layout(Program::backward, name, y->gradient, out.desc());
    program_.add(
        Program::backward, name + ".backward", {source, out, gradient, winner},
        [=, type = type_, dw = parameters_.gradient(weights), db = parameters_.gradient(bias)] {
          pooled_convolution_backward(shape, type, source.data(), out.data(), gradient.data(),
                                      bytes(winner), floats(dw), floats(db), *scratch);
        });
  });
  return y;
}

TrainingBuilder::ValuePtr TrainingBuilder::sparse_pooled_conv(int index, int pool) {
  const Layer& l = graph_.layer(index);
  const ValuePtr x = value(l.inputs[0]);
  const PooledConvolution shape = shape_of(graph_, l, batch_size_);
  if (!suits_sparse_backward(shape)) return nullptr;
  const ConvolutionShape conv = ConvolutionShape::of(graph_, l, batch_size_);
  const auto forward = choose_convolution(conv, x->data.desc(), type_, true, true);
  const Desc source_desc(conv.source, type_, Tag::nChw16c);
  const Desc out_desc(pooled_dims(shape), type_, Tag::nChw16c);
  if (forward.dst_desc() != Desc(conv.destination, type_, Tag::nChw16c)) return nullptr;
  const dnnl::pooling_forward::primitive_desc pooling(
      dnnl::pooling_forward::desc(dnnl::prop_kind::forward_training, dnnl::algorithm::pooling_max,
                                  forward.dst_desc(), out_desc, {2, 2}, {2, 2}, {0, 0}, {0, 0}),
      planned_scratchpad(), cpu_engine());
  if (pooling.workspace_desc().data_type() != DataType::u8 ||
      pooling.workspace_desc().get_size() != out_desc.get_size() / element_size(type_)) {
    return nullptr;
  }

  const Tensor weights = parameters_.add(Desc(conv.weights, DataType::f32, Tag::ohwi),
                                         {parameter_index(index, ParameterRole::weight)},
                                         plain_desc(conv.weights, DataType::f32));
  const Desc bias_desc = plain_desc(conv.bias, DataType::f32);
  const Tensor bias =
      parameters_.add(bias_desc, {parameter_index(index, ParameterRole::bias)}, bias_desc);
  const Tensor conv_out = program_.tensor(forward.dst_desc());
  const Tensor out = program_.tensor(out_desc);
  const Tensor winner = program_.tensor(pooling.workspace_desc());
  program_.add(
      Program::forward, l.name, dnnl::convolution_forward(forward), forward,
      {{DNNL_ARG_SRC, program_.in_layout(Program::forward, l.name, x->data, forward.src_desc())},
       {DNNL_ARG_WEIGHTS, parameters_.compute_copy(weights, forward.weights_desc())},
       {DNNL_ARG_BIAS, bias},
       {DNNL_ARG_DST, conv_out}});
  program_.add(Program::forward, graph_.layer(pool).name, dnnl::pooling_forward(pooling), pooling,
               {{DNNL_ARG_SRC, conv_out}, {DNNL_ARG_DST, out}, {DNNL_ARG_WORKSPACE, winner}});

  const ValuePtr y = make_value(out, x, true);
  value(fusible_relu(index)) = value(pool) = y;
  backward_.push_back([=, this, name = l.name] {
    const Tensor gradient = program_.in_layout(Program::backward, name, y->gradient, out_desc);
    const Tensor source = program_.in_layout(Program::backward, name, x->data, source_desc);
    Tensor source_gradient;
    if (x->needs_gradient) source_gradient = program_.tensor(source_desc);
    const auto scratch = std::make_shared<PooledScratch>(shape);
    std::vector<Tensor> touches{source, out, gradient, winner};
    if (source_gradient) touches.push_back(source_gradient);
    program_.add(
        Program::backward, name + ".sparse_backward", touches,
        [=, type = type_, dw = parameters_.gradient(weights), db = parameters_.gradient(bias)] {
          sparse_convolution_backward(shape, type, source.data(), floats(weights), out.data(),
                                      gradient.data(), bytes(winner),
                                      source_gradient ? source_gradient.data() : nullptr,
                                      floats(dw), floats(db), *scratch);
        });
    if (x->needs_gradient) give_gradient(x, source_gradient, false, name);
  });
  return y;
}

}  // namespace thimble::nn
