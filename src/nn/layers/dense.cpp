#include "nn/layers/dense.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "nn/engine/amx/product_layer.hpp"
#include "nn/engine/inference_builder.hpp"
#include "nn/engine/training_builder.hpp"
#include "nn/layers/layer_line.hpp"
#include "nn/layers/product.hpp"
#include "nn/network_export.hpp"

namespace thimble::nn {
namespace {

using Forward = dnnl::inner_product_forward;
using BackwardWeights = dnnl::inner_product_backward_weights;
using BackwardData = dnnl::inner_product_backward_data;

std::unique_ptr<Layer> parse(LayerLine& line) {
  const int features = line.next_int("the number of output features");
  return std::make_unique<Dense>(line.input(), features, line.flag("bias", true));
}

Shape output_shape(const Shape& in, int features) {
  if (features <= 0 || features >= kLargestExtent) {
    throw UsageError(fmt::format("dense: {} output features", features));
  }
  if (!in.flat && in.height * in.width != 1) {
    throw UsageError(
        fmt::format("dense: needs a flat input, got {}; put `flatten` before it", to_string(in)));
  }
  return {features, 1, 1, true};
}

/// The product as oneDNN describes it.
struct InnerProduct {
  Dims weights;
  DataType type;
  Desc bias;  ///< empty where there is none

  /// @param source  may be a map, which is taken as if it were flattened
  InnerProduct(const Desc& source, int features, bool has_bias, DataType of)
      : weights(source.dims()), type(of) {
    weights[0] = features;
    if (has_bias) bias = Desc({features}, DataType::f32, Tag::a);
  }

  Desc any_weights() const { return Desc(weights, type, Tag::any); }

  Forward::primitive_desc forward(dnnl::prop_kind propagation, const Desc& source, const Desc& out,
                                  const dnnl::primitive_attr& with) const {
    return Forward::primitive_desc(Forward::desc(propagation, source, any_weights(), bias, out),
                                   with, cpu_engine());
  }

  /// `source`, or its row-major layout where oneDNN has only its slow fallback for it.
  Desc suitable_source(dnnl::prop_kind propagation, const Desc& source, const Desc& out,
                       const dnnl::primitive_attr& with) const {
    const bool slow = is_reference(forward(propagation, source, out, with).impl_info_str());
    return slow ? plain_desc(source.dims(), type) : source;
  }
};

/// The logits of a network are computed in fp32.
DataType output_type(const Graph& graph, const Layer& layer, DataType type) {
  const bool last = layer.index() + 1 == static_cast<int>(graph.layers().size());
  return last ? DataType::f32 : type;
}

dnnl::primitive_attr attributes_with(bool relu) {
  dnnl::primitive_attr attributes = planned_scratchpad();
  if (relu) {
    dnnl::post_ops post;
    post.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
    attributes.set_post_ops(post);
  }
  return attributes;
}

}  // namespace

LayerKind dense_kind() {
  return {"dense",
          parse,
          {{{7, 1, 1, true}, {"dense 5"}},
           {{3, 4, 2, false}, {"flatten", "dense 18 bias=false"}},
           {{19, 1, 1, false}, {"dense 6"}}}};
}

Dense::Dense(const LayerInput& input, int features, bool bias)
    : Layer("dense", {input}, output_shape(input.shape, features)),
      features_(features),
      bias_(bias) {}

std::string Dense::line() const { return fmt::format("dense {} bias={}", features_, bias_); }

LayerTraits Dense::traits() const { return {.has_weights = true, .fully_connected = true}; }

std::vector<ParameterDeclaration> Dense::parameters() const {
  std::vector<ParameterDeclaration> all{
      parameter("weight", {features_, input().size()}, ParameterRole::weight)};
  if (bias_) all.push_back(parameter("bias", {features_}, ParameterRole::bias));
  return all;
}

std::int64_t Dense::forward_flops() const { return 2 * output().size() * input().size(); }

void Dense::train(TrainingBuilder& builder) const {
  if (amx::train_product(builder, *this, {})) return;
  const TrainingValuePtr x = builder.input(*this);
  const auto relu = builder.chain(*this).at(0, ChainStep::relu);
  const InnerProduct product(x->data.desc(), features_, bias_, builder.type());
  const Dims out_dims{builder.batch_size(), features_};
  const Desc out_desc = plain_desc(out_dims, output_type(builder.graph(), *this, builder.type()));
  const Desc gradient_desc = plain_desc(out_dims, builder.type());
  const auto attributes = attributes_with(relu.has_value());
  constexpr auto kTraining = dnnl::prop_kind::forward_training;

  const Desc source_desc = product.suitable_source(kTraining, x->data.desc(), out_desc, attributes);
  const auto forward = product.forward(kTraining, source_desc, out_desc, attributes);
  // Backward is described by a forward pass whose types are those of the gradients.
  const auto hint = product.forward(kTraining, source_desc, gradient_desc, planned_scratchpad());
  const BackwardWeights::primitive_desc for_weights(
      BackwardWeights::desc(source_desc, Desc(product.weights, DataType::f32, Tag::any),
                            product.bias, gradient_desc),
      planned_scratchpad(), cpu_engine(), hint);

  Program& program = builder.program();
  const Tensor source = program.in_layout(Program::forward, name(), x->data, source_desc);
  const Tensor out = program.tensor(out_desc);
  const Tensor weights = builder.add_parameter(*this, "weight", for_weights.diff_weights_desc(),
                                               plain_desc(product.weights, DataType::f32));
  std::unordered_map<int, Tensor> arguments{
      {DNNL_ARG_SRC, source},
      {DNNL_ARG_WEIGHTS, builder.parameters().compute_copy(weights, forward.weights_desc())},
      {DNNL_ARG_DST, out}};
  Tensor bias;
  if (bias_) {
    arguments[DNNL_ARG_BIAS] = bias =
        builder.add_parameter(*this, "bias", product.bias, product.bias);
  }
  program.add(Program::forward, name(), Forward(forward), forward, arguments);

  const TrainingValuePtr y = builder.add_output(*this, out);
  if (relu) builder.set_output(*relu, y);
  builder.on_backward([=, this, &builder, &program] {
    if (relu) y->gradient = builder.relu_gradient(y, name());
    const Tensor gradient =
        program.in_layout(Program::backward, name(), y->gradient, gradient_desc);
    std::unordered_map<int, Tensor> weights_arguments{
        {DNNL_ARG_SRC, source},
        {DNNL_ARG_DIFF_DST, gradient},
        {DNNL_ARG_DIFF_WEIGHTS, builder.parameters().gradient(weights)}};
    if (bias) weights_arguments[DNNL_ARG_DIFF_BIAS] = builder.parameters().gradient(bias);
    program.add(Program::backward, name() + ".backward_weights", BackwardWeights(for_weights),
                for_weights, weights_arguments);
    if (!x->needs_gradient) return;
    const BackwardData::primitive_desc for_data(
        BackwardData::desc(source_desc, product.any_weights(), gradient_desc), planned_scratchpad(),
        cpu_engine(), hint);
    const Tensor source_gradient = program.tensor(for_data.diff_src_desc());
    program.add(
        Program::backward, name() + ".backward_data", BackwardData(for_data), for_data,
        {{DNNL_ARG_DIFF_DST, gradient},
         {DNNL_ARG_WEIGHTS, builder.parameters().compute_copy(weights, for_data.weights_desc())},
         {DNNL_ARG_DIFF_SRC, source_gradient}});
    builder.give_gradient(x, source_gradient, false, name());
  });
}

void Dense::infer(InferenceBuilder& builder) const {
  const auto relu = builder.chain(*this).at(0, ChainStep::relu);
  const Tensor& x = builder.input(*this);
  const InnerProduct product(x.desc(), features_, bias_, builder.type());
  const Desc out_desc = plain_desc({builder.batch_size(), features_},
                                   output_type(builder.graph(), *this, builder.type()));
  const auto attributes = attributes_with(relu.has_value());
  constexpr auto kInference = dnnl::prop_kind::forward_inference;
  const auto forward = product.forward(
      kInference, product.suitable_source(kInference, x.desc(), out_desc, attributes), out_desc,
      attributes);

  Program& program = builder.program();
  const auto weights = builder.weights(*this, forward.weights_desc());
  const Tensor out = program.tensor(out_desc);
  std::unordered_map<int, Tensor> arguments{
      {DNNL_ARG_SRC, program.in_layout(Program::forward, name(), x, forward.src_desc())},
      {DNNL_ARG_WEIGHTS, weights.tensor},
      {DNNL_ARG_DST, out}};
  Tensor bias;
  if (bias_) arguments[DNNL_ARG_BIAS] = bias = program.persistent(product.bias);
  program.add(Program::forward, name(), Forward(forward), forward, arguments);
  fill_with_product(builder, *this, nullptr, weights, plain_desc(product.weights, DataType::f32),
                    bias);
  builder.set_output(index(), out);
  if (relu) builder.set_output(*relu, out);
}

void Dense::to_onnx(NetworkExport& file) const {
  const std::string x = input().flat ? file.input(*this) : file.flattened(file.input(*this));
  export_product(file, *this, "Gemm", x, {{"transB", std::int64_t{1}}});
}

bool Dense::infer_picture(amx::PictureNetwork& network) const {
  const amx::PictureMap& x = network.value(inputs().front().layer);
  return amx::picture_product(network, *this, {{x.height, x.width}, {1, 1}, {0, 0}});
}

}  // namespace thimble::nn
