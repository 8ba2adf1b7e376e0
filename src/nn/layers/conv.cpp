#include "nn/layers/conv.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"
#include "nn/engine/amx/picture_layer.hpp"
#include "nn/engine/amx/product_training.hpp"
#include "nn/engine/convolution.hpp"
#include "nn/engine/inference_builder.hpp"
#include "nn/engine/kernels.hpp"
#include "nn/engine/training_builder.hpp"
#include "nn/layers/layer_line.hpp"
#include "nn/layers/pooled_conv.hpp"
#include "nn/layers/product.hpp"
#include "nn/layers/window.hpp"
#include "nn/network_export.hpp"

namespace thimble::nn {
namespace {

std::unique_ptr<Layer> parse(LayerLine& line) {
  Conv::Options options;
  options.features = line.next_int("the number of output channels");
  options.window.kernel = line.next_extent("the kernel");
  options.window.stride = line.option("stride", Extent{1, 1});
  options.window.pad = line.option("pad", Extent{0, 0});
  options.groups = line.option("groups", 1);
  options.bias = line.flag("bias", true);
  return std::make_unique<Conv>(line.input(), options);
}

/// The map that it leaves, once the options are known to be possible.
Shape output_shape(const std::string& word, const Shape& in, const Conv::Options& options) {
  check_window(word, in, options.window);
  const auto [features, window, groups, bias] = options;
  if (features <= 0 || features >= kLargestExtent || groups <= 0) {
    throw UsageError(fmt::format("{}: {} output channels in {} groups", word, features, groups));
  }
  if (in.channels % groups != 0 || features % groups != 0) {
    throw UsageError(fmt::format("{}: {} input and {} output channels do not divide into {} groups",
                                 word, in.channels, features, groups));
  }
  return window.output(in, features);
}

/// Adds the operations of a training step.
class ConvTraining {
 public:
  ConvTraining(const Conv& layer, TrainingBuilder& builder)
      : layer_(layer),
        builder_(builder),
        program_(builder.program()),
        shape_(ConvolutionShape::of(layer, builder.batch_size())),
        x_(builder.input(layer)),
        relu_(builder.chain(layer).at(0, ChainStep::relu)),
        forward_(
            choose_convolution(shape_, x_->data.desc(), builder.type(), true, relu_.has_value())) {}

  void forward();
  void backward();

 private:
  /// The layout of the weights: that of their gradient, which the optimizer then updates in place.
  Desc weights_desc(const Desc& out) const {
    if (suits_unfolding(shape_, builder_.type())) {
      return Desc(shape_.weights, DataType::f32, Tag::hwio);
    }
    return choose_convolution_backward_weights(shape_, source_.desc(), out, builder_.type(),
                                               forward_)
        .diff_weights_desc();
  }
  void direct_backward_weights();
  /// Gradient of the weights, laid out [kernel, in, out], as a product of matrices.
  void unfolded_backward_weights();
  void backward_data();

  const Conv& layer_;
  TrainingBuilder& builder_;
  Program& program_;
  ConvolutionShape shape_;
  TrainingValuePtr x_, y_;
  std::optional<int> relu_;
  dnnl::convolution_forward::primitive_desc forward_;
  Tensor source_, weights_, bias_;
};

void ConvTraining::forward() {
  const std::string& name = layer_.name();
  source_ = program_.in_layout(Program::forward, name, x_->data, forward_.src_desc());
  const Tensor out = program_.tensor(forward_.dst_desc());
  weights_ = builder_.add_parameter(layer_, "weight", weights_desc(out.desc()),
                                    plain_desc(shape_.weights, DataType::f32));
  std::unordered_map<int, Tensor> arguments{
      {DNNL_ARG_SRC, source_},
      {DNNL_ARG_WEIGHTS, builder_.parameters().compute_copy(weights_, forward_.weights_desc())},
      {DNNL_ARG_DST, out}};
  if (shape_.has_bias) {
    const Desc desc = plain_desc(shape_.bias, DataType::f32);
    arguments[DNNL_ARG_BIAS] = bias_ = builder_.add_parameter(layer_, "bias", desc, desc);
  }
  program_.add(Program::forward, name, dnnl::convolution_forward(forward_), forward_, arguments);

  y_ = builder_.add_output(layer_, out);
  if (relu_) {
    builder_.set_output(*relu_, y_);
    y_->relu_done_by_pool = builder_.chain(layer_).at(1, ChainStep::max_pool).has_value();
  }
}

void ConvTraining::backward() {
  if (relu_ && !y_->relu_done_by_pool) y_->gradient = builder_.relu_gradient(y_, layer_.name());
  if (suits_unfolding(shape_, builder_.type())) {
    unfolded_backward_weights();
  } else {
    direct_backward_weights();
  }
  if (x_->needs_gradient) backward_data();
}

void ConvTraining::direct_backward_weights() {
  const std::string& name = layer_.name();
  const auto desc = choose_convolution_backward_weights(shape_, source_.desc(), y_->data.desc(),
                                                        builder_.type(), forward_);
  std::unordered_map<int, Tensor> arguments{
      {DNNL_ARG_SRC, program_.in_layout(Program::backward, name, source_, desc.src_desc())},
      {DNNL_ARG_DIFF_DST,
       program_.in_layout(Program::backward, name, y_->gradient, desc.diff_dst_desc())},
      {DNNL_ARG_DIFF_WEIGHTS, builder_.parameters().gradient(weights_)}};
  if (bias_) arguments[DNNL_ARG_DIFF_BIAS] = builder_.parameters().gradient(bias_);
  program_.add(Program::backward, name + ".backward_weights",
               dnnl::convolution_backward_weights(desc), desc, arguments);
}

void ConvTraining::unfolded_backward_weights() {
  const std::string& name = layer_.name();
  const Shape& in = layer_.input();
  const auto& [kernel, stride, pad] = layer_.options().window;
  const int features = layer_.options().features;
  const Window window{
      builder_.batch_size(),  in.channels,          in.height, in.width, kernel, stride, pad,
      layer_.output().height, layer_.output().width};
  const auto rows = static_cast<dnnl::memory::dim>(window.rows());
  const auto columns = static_cast<dnnl::memory::dim>(window.columns());
  const auto channels_last = [&](const Tensor& tensor) {
    return program_.in_layout(Program::backward, name, tensor,
                              Desc(tensor.desc().dims(), builder_.type(), Tag::nhwc));
  };
  const Tensor pixels = channels_last(source_);
  const Tensor unfolded = program_.tensor(plain_desc({rows, columns}, builder_.type()));
  program_.add(
      Program::backward, name + ".unfold", {pixels, unfolded},
      [=, type = builder_.type()] { unfold(window, pixels.data(), type, unfolded.data()); });
  // dW [columns, out] = unfolded' [columns, rows] * gradient [rows, out]
  const Tensor transposed =
      program_.alias(unfolded, Desc({columns, rows}, builder_.type(), Tag::ba));
  const Tensor gradient_rows =
      program_.alias(channels_last(y_->gradient), plain_desc({rows, features}, builder_.type()));
  const Desc product = plain_desc({columns, features}, DataType::f32);
  const dnnl::matmul::primitive_desc desc(
      dnnl::matmul::desc(transposed.desc(), gradient_rows.desc(), product), planned_scratchpad(),
      cpu_engine());
  program_.add(Program::backward, name + ".backward_weights", dnnl::matmul(desc), desc,
               {{DNNL_ARG_SRC, transposed},
                {DNNL_ARG_WEIGHTS, gradient_rows},
                {DNNL_ARG_DST, builder_.parameters().gradient_as(weights_, product)}});
}

void ConvTraining::backward_data() {
  const std::string& name = layer_.name();
  const auto desc = choose_convolution_backward_data(shape_, x_->data.desc(), y_->data.desc(),
                                                     builder_.type(), forward_);
  const Tensor source_gradient = program_.tensor(desc.diff_src_desc());
  program_.add(
      Program::backward, name + ".backward_data", dnnl::convolution_backward_data(desc), desc,
      {{DNNL_ARG_DIFF_SRC, source_gradient},
       {DNNL_ARG_WEIGHTS, builder_.parameters().compute_copy(weights_, desc.weights_desc())},
       {DNNL_ARG_DIFF_DST,
        program_.in_layout(Program::backward, name, y_->gradient, desc.diff_dst_desc())}});
  builder_.give_gradient(x_, source_gradient, false, name);
}

}  // namespace

LayerKind conv_kind() {
  return {"conv",
          parse,
          {{{3, 7, 6, false}, {"conv 6 3x2 stride=2x1 pad=1"}},
           {{4, 5, 5, false}, {"conv 8 3 pad=1 groups=2 bias=false"}},
           {{1, 8, 8, false}, {"conv 16 3 pad=1"}}}};
}

Conv::Conv(const LayerInput& input, const Options& options, const char* word)
    : Layer(word, {input}, output_shape(word, input.shape, options)), options_(options) {}

std::string Conv::line() const {
  const auto& [kernel, stride, pad] = options_.window;
  return fmt::format("conv {} {} stride={} pad={} groups={} bias={}", options_.features,
                     to_string(kernel), to_string(stride), to_string(pad), options_.groups,
                     options_.bias);
}

LayerTraits Conv::traits() const { return {.has_weights = true, .stride = options_.window.stride}; }

std::vector<ParameterDeclaration> Conv::parameters() const {
  const Extent& kernel = options_.window.kernel;
  std::vector<ParameterDeclaration> all{parameter(
      "weight",
      {options_.features, input().channels / options_.groups, kernel.height, kernel.width},
      ParameterRole::weight)};
  if (options_.bias) all.push_back(parameter("bias", {options_.features}, ParameterRole::bias));
  return all;
}

std::int64_t Conv::forward_flops() const {
  const Extent& kernel = options_.window.kernel;
  return 2 * output().size() * (input().channels / options_.groups) * kernel.height * kernel.width;
}

void Conv::train(TrainingBuilder& builder) const {
  if (options_.groups == 1 && amx::train_product(builder, *this, options_.window)) return;
  if (train_pooled_conv(*this, builder)) return;
  const auto training = std::make_shared<ConvTraining>(*this, builder);
  training->forward();
  builder.on_backward([training] { training->backward(); });
}

void Conv::infer(InferenceBuilder& builder) const {
  const Chain& chain = builder.chain(*this);
  const auto norm = chain.at(0, ChainStep::batch_norm);
  const auto relu = chain.at(norm ? 1 : 0, ChainStep::relu);

  ConvolutionShape shape = ConvolutionShape::of(*this, builder.batch_size());
  shape.has_bias = options_.bias || norm;
  Program& program = builder.program();
  const Tensor& x = builder.input(*this);
  const auto forward = choose_convolution(shape, x.desc(), builder.type(), false, relu.has_value());
  const Tensor out = program.tensor(forward.dst_desc());
  const auto weights = builder.weights(*this, forward.weights_desc());
  std::unordered_map<int, Tensor> arguments{
      {DNNL_ARG_SRC, program.in_layout(Program::forward, name(), x, forward.src_desc())},
      {DNNL_ARG_WEIGHTS, weights.tensor},
      {DNNL_ARG_DST, out}};
  Tensor bias;
  if (shape.has_bias) {
    arguments[DNNL_ARG_BIAS] = bias = program.persistent(plain_desc(shape.bias, DataType::f32));
  }
  program.add(Program::forward, name(), dnnl::convolution_forward(forward), forward, arguments);
  const Layer* folded = norm ? &builder.graph().layer(*norm) : nullptr;
  fill_with_product(builder, *this, folded, weights, plain_desc(shape.weights, DataType::f32),
                    bias);
  builder.set_output(index(), out);
  if (norm) builder.set_output(*norm, out);
  if (relu) builder.set_output(*relu, out);
}

void Conv::to_onnx(NetworkExport& file) const {
  onnx::Attributes attributes = window_attributes(options_.window);
  attributes["group"] = std::int64_t{options_.groups};
  export_product(file, *this, "Conv", file.input(*this), std::move(attributes));
}

bool Conv::infer_picture(amx::PictureNetwork& network) const {
  const auto& [features, window, groups, bias] = options_;
  const bool is_depthwise = groups > 1 && groups == features && groups == input().channels;
  if (is_depthwise) {
    amx::picture_depthwise(network, *this, window);
  } else {
    amx::picture_product(network, *this, window, groups);
  }
  return true;
}

}  // namespace thimble::nn
