#include "nn/layers/dense.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "nn/engine/amx/picture_layer.hpp"
#include "nn/engine/amx/product_training.hpp"
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
  bool has_bias;
  Desc bias;  ///< empty where there is none

  /// @param source  may be a map, which is taken as if it were flattened
  InnerProduct(const Desc& source, int features, bool biased, DataType of)
      : weights(source.dims()), type(of), has_bias(biased) {
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

/// Adds the operations of a training step.
class DenseTraining {
 public:
  DenseTraining(const Dense& layer, int features, bool has_bias, TrainingBuilder& builder)
      : layer_(layer),
        builder_(builder),
        program_(builder.program()),
        x_(builder.input(layer)),
        relu_(builder.chain(layer).at(0, ChainStep::relu)),
        product_(x_->data.desc(), features, has_bias, builder.type()),
        out_dims_{builder.batch_size(), features},
        out_desc_(plain_desc(out_dims_, output_type(builder.graph(), layer, builder.type()))),
        gradient_desc_(plain_desc(out_dims_, builder.type())),
        attributes_(attributes_with(relu_.has_value())),
        source_desc_(product_.suitable_source(kTraining, x_->data.desc(), out_desc_, attributes_)),
        hint_(product_.forward(kTraining, source_desc_, gradient_desc_, planned_scratchpad())) {}

  void forward();
  void backward();

 private:
  static constexpr auto kTraining = dnnl::prop_kind::forward_training;

  BackwardWeights::primitive_desc describe_backward_weights() const {
    return BackwardWeights::primitive_desc(
        BackwardWeights::desc(source_desc_, Desc(product_.weights, DataType::f32, Tag::any),
                              product_.bias, gradient_desc_),
        planned_scratchpad(), cpu_engine(), hint_);
  }
  void backward_data(const Tensor& gradient);

  const Dense& layer_;
  TrainingBuilder& builder_;
  Program& program_;
  TrainingValuePtr x_, y_;
  std::optional<int> relu_;
  InnerProduct product_;
  Dims out_dims_;
  Desc out_desc_, gradient_desc_;
  dnnl::primitive_attr attributes_;
  Desc source_desc_;
  // Backward is described by a forward pass whose types are those of the gradients.
  Forward::primitive_desc hint_;
  Tensor source_, weights_, bias_;
};

void DenseTraining::forward() {
  const std::string& name = layer_.name();
  const auto forward = product_.forward(kTraining, source_desc_, out_desc_, attributes_);
  source_ = program_.in_layout(Program::forward, name, x_->data, source_desc_);
  const Tensor out = program_.tensor(out_desc_);
  weights_ =
      builder_.add_parameter(layer_, "weight", describe_backward_weights().diff_weights_desc(),
                             plain_desc(product_.weights, DataType::f32));
  std::unordered_map<int, Tensor> arguments{
      {DNNL_ARG_SRC, source_},
      {DNNL_ARG_WEIGHTS, builder_.parameters().compute_copy(weights_, forward.weights_desc())},
      {DNNL_ARG_DST, out}};
  if (product_.has_bias) {
    arguments[DNNL_ARG_BIAS] = bias_ =
        builder_.add_parameter(layer_, "bias", product_.bias, product_.bias);
  }
  program_.add(Program::forward, name, Forward(forward), forward, arguments);
  y_ = builder_.add_output(layer_, out);
  if (relu_) builder_.set_output(*relu_, y_);
}

void DenseTraining::backward() {
  const std::string& name = layer_.name();
  if (relu_) y_->gradient = builder_.relu_gradient(y_, name);
  const Tensor gradient = program_.in_layout(Program::backward, name, y_->gradient, gradient_desc_);
  const auto desc = describe_backward_weights();
  std::unordered_map<int, Tensor> arguments{
      {DNNL_ARG_SRC, source_},
      {DNNL_ARG_DIFF_DST, gradient},
      {DNNL_ARG_DIFF_WEIGHTS, builder_.parameters().gradient(weights_)}};
  if (bias_) arguments[DNNL_ARG_DIFF_BIAS] = builder_.parameters().gradient(bias_);
  program_.add(Program::backward, name + ".backward_weights", BackwardWeights(desc), desc,
               arguments);
  if (x_->needs_gradient) backward_data(gradient);
}

void DenseTraining::backward_data(const Tensor& gradient) {
  const std::string& name = layer_.name();
  const BackwardData::primitive_desc desc(
      BackwardData::desc(source_desc_, product_.any_weights(), gradient_desc_),
      planned_scratchpad(), cpu_engine(), hint_);
  const Tensor source_gradient = program_.tensor(desc.diff_src_desc());
  program_.add(
      Program::backward, name + ".backward_data", BackwardData(desc), desc,
      {{DNNL_ARG_DIFF_DST, gradient},
       {DNNL_ARG_WEIGHTS, builder_.parameters().compute_copy(weights_, desc.weights_desc())},
       {DNNL_ARG_DIFF_SRC, source_gradient}});
  builder_.give_gradient(x_, source_gradient, false, name);
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
  const auto training = std::make_shared<DenseTraining>(*this, features_, bias_, builder);
  training->forward();
  builder.on_backward([training] { training->backward(); });
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
  amx::picture_product(network, *this, {{x.height, x.width}, {1, 1}, {0, 0}});
  return true;
}

}  // namespace thimble::nn
