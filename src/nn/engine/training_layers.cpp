// The layers with parameters: convolution, dense, batch norm, forward and backward.

#include "nn/engine/convolution.hpp"
#include "nn/engine/kernels.hpp"
#include "nn/engine/training_builder.hpp"

namespace thimble::nn {

TrainingBuilder::ValuePtr TrainingBuilder::conv(int index) {
  const Layer& l = graph_.layer(index);
  const ValuePtr x = value(l.inputs[0]);
  const int relu = fusible_relu(index);
  if (const int pool = pool_behind(index); pool >= 0) {
    const bool first = graph_.layer(l.inputs[0]).output.channels == 1 && !x->needs_gradient;
    if (const ValuePtr y =
            first ? first_pooled_conv(index, pool) : sparse_pooled_conv(index, pool)) {
      return y;
    }
  }
  const ConvolutionShape shape = ConvolutionShape::of(graph_, l, batch_size_);
  const auto forward = choose_convolution(shape, x->data.desc(), type_, true, relu >= 0);
  const Tensor source = program_.in_layout(Program::forward, l.name, x->data, forward.src_desc());
  const Tensor out = program_.tensor(forward.dst_desc());

  // The weights live in the layout of their gradient, which the optimizer then updates in place.
  const Desc gradient_desc =
      suits_unfolding(shape, type_)
          ? Desc(shape.weights, DataType::f32, Tag::hwio)
          : choose_convolution_backward_weights(shape, source.desc(), out.desc(), type_, forward)
                .diff_weights_desc();
  const Tensor weights =
      parameters_.add(gradient_desc, {parameter_index(index, ParameterRole::weight)},
                      plain_desc(shape.weights, DataType::f32));
  std::unordered_map<int, Tensor> arguments{
      {DNNL_ARG_SRC, source},
      {DNNL_ARG_WEIGHTS, parameters_.compute_copy(weights, forward.weights_desc())},
      {DNNL_ARG_DST, out}};
  Tensor bias;
  if (l.bias) {
    const Desc desc = plain_desc(shape.bias, DataType::f32);
    arguments[DNNL_ARG_BIAS] = bias =
        parameters_.add(desc, {parameter_index(index, ParameterRole::bias)}, desc);
  }
  program_.add(Program::forward, l.name, dnnl::convolution_forward(forward), forward, arguments);

  const ValuePtr y = make_value(out, x, true);
  if (relu >= 0) {
    value(relu) = y;
    const int consumer = graph_.sole_consumer(relu);
    y->relu_done_by_pool =
        consumer >= 0 && (graph_.layer(consumer).kind == LayerKind::max_pool ||
                          graph_.layer(consumer).kind == LayerKind::global_max_pool);
  }
  backward_.push_back([=, this] {
    if (relu >= 0 && !y->relu_done_by_pool) y->gradient = relu_gradient(y, l.name);
    conv_backward(index, x, y, source, forward, weights, bias);
  });
  return y;
}

void TrainingBuilder::conv_backward(int index, const ValuePtr& x, const ValuePtr& y,
                                    const Tensor& source,
                                    const dnnl::convolution_forward::primitive_desc& forward,
                                    Tensor weights, Tensor bias) {
  const Layer& l = graph_.layer(index);
  const ConvolutionShape shape = ConvolutionShape::of(graph_, l, batch_size_);
  if (suits_unfolding(shape, type_)) {
    unfolded_backward_weights(index, source, y->gradient, weights);
  } else {
    const auto for_weights =
        choose_convolution_backward_weights(shape, source.desc(), y->data.desc(), type_, forward);
    std::unordered_map<int, Tensor> arguments{
        {DNNL_ARG_SRC,
         program_.in_layout(Program::backward, l.name, source, for_weights.src_desc())},
        {DNNL_ARG_DIFF_DST,
         program_.in_layout(Program::backward, l.name, y->gradient, for_weights.diff_dst_desc())},
        {DNNL_ARG_DIFF_WEIGHTS, parameters_.gradient(weights)}};
    if (l.bias) arguments[DNNL_ARG_DIFF_BIAS] = parameters_.gradient(bias);
    program_.add(Program::backward, l.name + ".backward_weights",
                 dnnl::convolution_backward_weights(for_weights), for_weights, arguments);
  }
  if (!x->needs_gradient) return;

  const auto for_data =
      choose_convolution_backward_data(shape, x->data.desc(), y->data.desc(), type_, forward);
  const Tensor source_gradient = program_.tensor(for_data.diff_src_desc());
  program_.add(Program::backward, l.name + ".backward_data",
               dnnl::convolution_backward_data(for_data), for_data,
               {{DNNL_ARG_DIFF_SRC, source_gradient},
                {DNNL_ARG_WEIGHTS, parameters_.compute_copy(weights, for_data.weights_desc())},
                {DNNL_ARG_DIFF_DST, program_.in_layout(Program::backward, l.name, y->gradient,
                                                       for_data.diff_dst_desc())}});
  give_gradient(x, source_gradient, false, l.name);
}

void TrainingBuilder::unfolded_backward_weights(int index, const Tensor& source,
                                                const Tensor& gradient, const Tensor& weights) {
  const Layer& l = graph_.layer(index);
  const Shape& in = graph_.layer(l.inputs[0]).output;
  const Window window{batch_size_, in.channels, in.height,       in.width,      l.kernel,
                      l.stride,    l.pad,       l.output.height, l.output.width};
  const auto rows = static_cast<dnnl::memory::dim>(window.rows());
  const auto columns = static_cast<dnnl::memory::dim>(window.columns());
  const auto channels_last = [&](const Tensor& tensor) {
    return program_.in_layout(Program::backward, l.name, tensor,
                              Desc(tensor.desc().dims(), type_, Tag::nhwc));
  };
  const Tensor pixels = channels_last(source);
  const Tensor unfolded = program_.tensor(plain_desc({rows, columns}, type_));
  program_.add(Program::backward, l.name + ".unfold", {pixels, unfolded},
               [=, type = type_] { unfold(window, pixels.data(), type, unfolded.data()); });
  // dW [columns, out] = unfolded' [columns, rows] * gradient [rows, out]
  const Tensor transposed = program_.alias(unfolded, Desc({columns, rows}, type_, Tag::ba));
  const Tensor gradient_rows =
      program_.alias(channels_last(gradient), plain_desc({rows, l.features}, type_));
  const Desc product = plain_desc({columns, l.features}, DataType::f32);
  const dnnl::matmul::primitive_desc desc(
      dnnl::matmul::desc(transposed.desc(), gradient_rows.desc(), product), planned_scratchpad(),
      cpu_engine());
  program_.add(Program::backward, l.name + ".backward_weights", dnnl::matmul(desc), desc,
               {{DNNL_ARG_SRC, transposed},
                {DNNL_ARG_WEIGHTS, gradient_rows},
                {DNNL_ARG_DST, parameters_.gradient_as(weights, product)}});
}

TrainingBuilder::ValuePtr TrainingBuilder::dense(int index) {
  using Forward = dnnl::inner_product_forward;
  using BackwardWeights = dnnl::inner_product_backward_weights;
  using BackwardData = dnnl::inner_product_backward_data;

  const Layer& l = graph_.layer(index);
  const ValuePtr x = value(l.inputs[0]);
  const int relu = fusible_relu(index);
  const bool last = index + 1 == static_cast<int>(graph_.layers().size());
  Dims weights_dims = x->data.desc().dims();
  weights_dims[0] = l.features;
  const Dims out_dims{batch_size_, l.features};
  const Desc any_weights(weights_dims, type_, Tag::any);
  const Desc bias_desc = l.bias ? Desc({l.features}, DataType::f32, Tag::a) : Desc();
  const Desc out_desc = plain_desc(out_dims, last ? DataType::f32 : type_);
  const Desc out_gradient_desc = plain_desc(out_dims, type_);

  dnnl::primitive_attr attributes = planned_scratchpad();
  if (relu >= 0) {
    dnnl::post_ops post;
    post.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
    attributes.set_post_ops(post);
  }
  const auto make_forward = [&](const Desc& source, const Desc& out,
                                const dnnl::primitive_attr& with) {
    return Forward::primitive_desc(
        Forward::desc(dnnl::prop_kind::forward_training, source, any_weights, bias_desc, out), with,
        cpu_engine());
  };
  Desc source_desc = x->data.desc();
  if (is_reference(make_forward(source_desc, out_desc, attributes).impl_info_str())) {
    source_desc = plain_desc(source_desc.dims(), type_);
  }
  const auto forward = make_forward(source_desc, out_desc, attributes);
  // Backward is described by a forward pass whose types are those of the gradients.
  const auto hint = make_forward(source_desc, out_gradient_desc, planned_scratchpad());
  const BackwardWeights::primitive_desc for_weights(
      BackwardWeights::desc(source_desc, Desc(weights_dims, DataType::f32, Tag::any), bias_desc,
                            out_gradient_desc),
      planned_scratchpad(), cpu_engine(), hint);

  const Tensor source = program_.in_layout(Program::forward, l.name, x->data, source_desc);
  const Tensor out = program_.tensor(out_desc);
  const Tensor weights = parameters_.add(for_weights.diff_weights_desc(),
                                         {parameter_index(index, ParameterRole::weight)},
                                         plain_desc(weights_dims, DataType::f32));
  std::unordered_map<int, Tensor> arguments{
      {DNNL_ARG_SRC, source},
      {DNNL_ARG_WEIGHTS, parameters_.compute_copy(weights, forward.weights_desc())},
      {DNNL_ARG_DST, out}};
  Tensor bias;
  if (l.bias) {
    arguments[DNNL_ARG_BIAS] = bias =
        parameters_.add(bias_desc, {parameter_index(index, ParameterRole::bias)}, bias_desc);
  }
  program_.add(Program::forward, l.name, Forward(forward), forward, arguments);

  const ValuePtr y = make_value(out, x, true);
  if (relu >= 0) value(relu) = y;
  backward_.push_back([=, this, name = l.name, has_bias = l.bias] {
    if (relu >= 0) y->gradient = relu_gradient(y, name);
    const Tensor gradient =
        program_.in_layout(Program::backward, name, y->gradient, out_gradient_desc);
    std::unordered_map<int, Tensor> weights_arguments{
        {DNNL_ARG_SRC, source},
        {DNNL_ARG_DIFF_DST, gradient},
        {DNNL_ARG_DIFF_WEIGHTS, parameters_.gradient(weights)}};
    if (has_bias) weights_arguments[DNNL_ARG_DIFF_BIAS] = parameters_.gradient(bias);
    program_.add(Program::backward, name + ".backward_weights", BackwardWeights(for_weights),
                 for_weights, weights_arguments);
    if (!x->needs_gradient) return;
    const BackwardData::primitive_desc for_data(
        BackwardData::desc(source_desc, any_weights, out_gradient_desc), planned_scratchpad(),
        cpu_engine(), hint);
    const Tensor source_gradient = program_.tensor(for_data.diff_src_desc());
    program_.add(Program::backward, name + ".backward_data", BackwardData(for_data), for_data,
                 {{DNNL_ARG_DIFF_DST, gradient},
                  {DNNL_ARG_WEIGHTS, parameters_.compute_copy(weights, for_data.weights_desc())},
                  {DNNL_ARG_DIFF_SRC, source_gradient}});
    give_gradient(x, source_gradient, false, name);
  });
  return y;
}

TrainingBuilder::ValuePtr TrainingBuilder::batch_norm(int index) {
  using Forward = dnnl::batch_normalization_forward;
  using Backward = dnnl::batch_normalization_backward;

  const Layer& l = graph_.layer(index);
  const ValuePtr x = value(l.inputs[0]);
  const int relu = fusible_relu(index);
  auto flags = dnnl::normalization_flags::use_scale_shift;
  if (relu >= 0) flags |= dnnl::normalization_flags::fuse_norm_relu;
  const auto epsilon = static_cast<float>(l.epsilon);
  const Desc desc = x->data.desc();
  const Forward::primitive_desc forward(
      Forward::desc(dnnl::prop_kind::forward_training, desc, epsilon, flags), planned_scratchpad(),
      cpu_engine());
  const Tensor out = program_.tensor(forward.dst_desc());
  const Tensor mean = program_.tensor(forward.mean_desc());
  const Tensor variance = program_.tensor(forward.variance_desc());
  const Desc scale_shift_desc({2, l.output.channels}, DataType::f32, Tag::ab);
  const Tensor scale_shift = parameters_.add(
      scale_shift_desc,
      {parameter_index(index, ParameterRole::scale), parameter_index(index, ParameterRole::shift)},
      scale_shift_desc);
  std::unordered_map<int, Tensor> arguments{{DNNL_ARG_SRC, x->data},
                                            {DNNL_ARG_DST, out},
                                            {DNNL_ARG_SCALE_SHIFT, scale_shift},
                                            {DNNL_ARG_MEAN, mean},
                                            {DNNL_ARG_VARIANCE, variance}};
  Tensor workspace;
  if (relu >= 0)
    arguments[DNNL_ARG_WORKSPACE] = workspace = program_.tensor(forward.workspace_desc());
  program_.add(Program::forward, l.name, Forward(forward), forward, arguments);

  // Running statistics: the newest batch's by momentum, with the unbiased variance, or the mean
  // over the batches since re-estimation began.
  const double count = static_cast<double>(batch_size_) * l.output.height * l.output.width;
  const double unbias = count > 1 ? count / (count - 1) : 1;
  program_.add(
      Program::forward, l.name + ".running", {mean, variance},
      [=, &state = state_, momentum = l.momentum,
       &running_mean = parameters_.running(parameter_index(index, ParameterRole::running_mean)),
       &running_var =
           parameters_.running(parameter_index(index, ParameterRole::running_variance))] {
        const double weight =
            state.statistics_batches > 0 ? 1.0 / state.statistics_batches : momentum;
        const auto* m = static_cast<const float*>(mean.data());
        const auto* v = static_cast<const float*>(variance.data());
        for (std::size_t c = 0; c < running_mean.size(); ++c) {
          running_mean[c] += static_cast<float>(weight * (m[c] - running_mean[c]));
          running_var[c] += static_cast<float>(weight * (v[c] * unbias - running_var[c]));
        }
      });

  const ValuePtr y = make_value(out, x, true);
  if (relu >= 0) value(relu) = y;
  backward_.push_back([=, this, name = l.name] {
    const Backward::primitive_desc backward(
        Backward::desc(dnnl::prop_kind::backward, desc, desc, epsilon, flags), planned_scratchpad(),
        cpu_engine(), forward);
    const Tensor gradient = program_.in_layout(Program::backward, name, y->gradient, desc);
    const Tensor source_gradient = program_.tensor(backward.diff_src_desc());
    std::unordered_map<int, Tensor> backward_arguments{
        {DNNL_ARG_SRC, x->data},
        {DNNL_ARG_MEAN, mean},
        {DNNL_ARG_VARIANCE, variance},
        {DNNL_ARG_DIFF_DST, gradient},
        {DNNL_ARG_SCALE_SHIFT, scale_shift},
        {DNNL_ARG_DIFF_SRC, source_gradient},
        {DNNL_ARG_DIFF_SCALE_SHIFT, parameters_.gradient(scale_shift)}};
    if (relu >= 0) backward_arguments[DNNL_ARG_WORKSPACE] = workspace;
    program_.add(Program::backward, name + ".backward", Backward(backward), backward,
                 backward_arguments);
    if (x->needs_gradient) give_gradient(x, source_gradient, false, name);
  });
  return y;
}

}  // namespace thimble::nn
