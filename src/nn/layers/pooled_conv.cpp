#include "nn/layers/pooled_conv.hpp"

#include <memory>
#include <vector>

#include "nn/engine/convolution.hpp"
#include "nn/engine/pooled_convolution.hpp"
#include "nn/engine/training_builder.hpp"

namespace thimble::nn {
namespace {

constexpr SlidingWindow kPool{{2, 2}, {2, 2}, {0, 0}};

bool conv_suits(const Conv::Options& o) {
  const auto& [kernel, stride, pad] = o.window;
  return kernel == Extent{3, 3} && stride == Extent{1, 1} && o.groups == 1 &&
         pad.height == pad.width && pad.height <= 1 && o.bias && o.features % 16 == 0;
}

Dims pooled_dims(const PooledConvolution& s) {
  return {s.batch, s.out_channels, s.pooled_height(), s.pooled_width()};
}

float* floats(const Tensor& tensor) { return static_cast<float*>(tensor.data()); }
std::uint8_t* bytes(const Tensor& tensor) { return static_cast<std::uint8_t*>(tensor.data()); }

/// Adds the operations of a training step for the three layers.
class PooledConvTraining {
 public:
  PooledConvTraining(const Conv& layer, int relu, int pool, TrainingBuilder& builder)
      : layer_(layer),
        relu_(relu),
        pool_(pool),
        builder_(builder),
        program_(builder.program()),
        type_(builder.type()),
        x_(builder.input(layer)) {
    shape_.batch = builder.batch_size();
    shape_.in_channels = layer.input().channels;
    shape_.height = layer.input().height;
    shape_.width = layer.input().width;
    shape_.pad = layer.options().window.pad.height;
    shape_.out_channels = layer.options().features;
  }

  bool train() {
    if (layer_.input().channels == 1 && !x_->needs_gradient) {
      train_first();
      return true;
    }
    return train_sparse();
  }

 private:
  /// A layer that reads pictures of one channel.
  void train_first();
  /// A layer behind others. False if the layouts that oneDNN chose do not suit.
  bool train_sparse();
  void sparse_backward(const TrainingValuePtr& y, const Tensor& weights, const Tensor& bias,
                       const Tensor& winner);

  Tensor add_weights(const Dims& dims, Tag layout) {
    return builder_.add_parameter(layer_, "weight", Desc(dims, DataType::f32, layout),
                                  plain_desc(dims, DataType::f32));
  }
  Tensor add_bias() {
    const Desc desc = plain_desc({shape_.out_channels}, DataType::f32);
    return builder_.add_parameter(layer_, "bias", desc, desc);
  }
  TrainingValuePtr add_output(const Tensor& out) {
    const TrainingValuePtr y = builder_.add_output(layer_, out);
    builder_.set_output(relu_, y);
    builder_.set_output(pool_, y);
    return y;
  }

  const Conv& layer_;
  int relu_, pool_;
  TrainingBuilder& builder_;
  Program& program_;
  DataType type_;
  TrainingValuePtr x_;
  PooledConvolution shape_;
};

void PooledConvTraining::train_first() {
  const Tensor weights = add_weights({shape_.out_channels, 1, 3, 3}, Tag::hwio);
  const Tensor bias = add_bias();
  const Tensor out = program_.tensor(Desc(pooled_dims(shape_), type_, Tag::nChw16c));
  const Tensor winner = program_.tensor(Desc(pooled_dims(shape_), DataType::u8, Tag::nChw16c));
  const std::string name = layer_.name() + "+pool";
  const auto scratch = std::make_shared<PooledScratch>(shape_);
  const Tensor source = x_->data;
  program_.add(Program::forward, name, {source, out, winner}, [=, shape = shape_, type = type_] {
    pooled_convolution_forward(shape, type, source.data(), floats(weights), floats(bias),
                               out.data(), bytes(winner), *scratch);
  });
  const TrainingValuePtr y = add_output(out);
  builder_.on_backward([=, &builder = builder_, shape = shape_, type = type_] {
    const Tensor gradient = builder.gradient_of(y, name);
    builder.program().add(
        Program::backward, name + ".backward", {source, out, gradient, winner},
        [=, dw = builder.parameters().gradient(weights), db = builder.parameters().gradient(bias)] {
          pooled_convolution_backward(shape, type, source.data(), out.data(), gradient.data(),
                                      bytes(winner), floats(dw), floats(db), *scratch);
        });
  });
}

bool PooledConvTraining::train_sparse() {
  if (!suits_sparse_backward(shape_)) return false;
  const ConvolutionShape conv = ConvolutionShape::of(layer_, builder_.batch_size());
  const auto forward = choose_convolution(conv, x_->data.desc(), type_, true, true);
  const Desc out_desc(pooled_dims(shape_), type_, Tag::nChw16c);
  if (forward.dst_desc() != Desc(conv.destination, type_, Tag::nChw16c)) return false;
  const dnnl::pooling_forward::primitive_desc pooling(
      dnnl::pooling_forward::desc(dnnl::prop_kind::forward_training, dnnl::algorithm::pooling_max,
                                  forward.dst_desc(), out_desc, {2, 2}, {2, 2}, {0, 0}, {0, 0}),
      planned_scratchpad(), cpu_engine());
  if (pooling.workspace_desc().data_type() != DataType::u8 ||
      pooling.workspace_desc().get_size() != out_desc.get_size() / element_size(type_)) {
    return false;
  }

  const std::string& name = layer_.name();
  const Tensor weights = add_weights(conv.weights, Tag::ohwi);
  const Tensor bias = add_bias();
  const Tensor conv_out = program_.tensor(forward.dst_desc());
  const Tensor out = program_.tensor(out_desc);
  const Tensor winner = program_.tensor(pooling.workspace_desc());
  program_.add(
      Program::forward, name, dnnl::convolution_forward(forward), forward,
      {{DNNL_ARG_SRC, program_.in_layout(Program::forward, name, x_->data, forward.src_desc())},
       {DNNL_ARG_WEIGHTS, builder_.parameters().compute_copy(weights, forward.weights_desc())},
       {DNNL_ARG_BIAS, bias},
       {DNNL_ARG_DST, conv_out}});
  program_.add(Program::forward, builder_.graph().layer(pool_).name(),
               dnnl::pooling_forward(pooling), pooling,
               {{DNNL_ARG_SRC, conv_out}, {DNNL_ARG_DST, out}, {DNNL_ARG_WORKSPACE, winner}});
  const TrainingValuePtr y = add_output(out);
  builder_.on_backward(
      [=, training = *this]() mutable { training.sparse_backward(y, weights, bias, winner); });
  return true;
}

void PooledConvTraining::sparse_backward(const TrainingValuePtr& y, const Tensor& weights,
                                         const Tensor& bias, const Tensor& winner) {
  const std::string& name = layer_.name();
  const Desc source_desc(dims_of(layer_.input(), shape_.batch), type_, Tag::nChw16c);
  const Tensor gradient = builder_.gradient_of(y, name);
  const Tensor source = program_.in_layout(Program::backward, name, x_->data, source_desc);
  Tensor source_gradient;
  if (x_->needs_gradient) source_gradient = program_.tensor(source_desc);
  const auto scratch = std::make_shared<PooledScratch>(shape_);
  std::vector<Tensor> touches{source, y->data, gradient, winner};
  if (source_gradient) touches.push_back(source_gradient);
  program_.add(
      Program::backward, name + ".sparse_backward", touches,
      [=, shape = shape_, type = type_, out = y->data, dw = builder_.parameters().gradient(weights),
       db = builder_.parameters().gradient(bias)] {
        sparse_convolution_backward(
            shape, type, source.data(), floats(weights), out.data(), gradient.data(), bytes(winner),
            source_gradient ? source_gradient.data() : nullptr, floats(dw), floats(db), *scratch);
      });
  if (x_->needs_gradient) builder_.give_gradient(x_, source_gradient, false, name);
}

}  // namespace

bool train_pooled_conv(const Conv& layer, TrainingBuilder& builder) {
  const Chain& chain = builder.chain(layer);
  const auto relu = chain.at(0, ChainStep::relu);
  const auto pool = chain.at(1, ChainStep::max_pool);
  if (!relu || !pool || !has_pooled_convolution()) return false;
  if (!conv_suits(layer.options()) || *builder.graph().layer(*pool).window() != kPool) return false;
  return PooledConvTraining(layer, *relu, *pool, builder).train();
}

}  // namespace thimble::nn
