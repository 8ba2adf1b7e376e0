#include "nn/engine/amx/product_training.hpp"

#include <algorithm>
#include <limits>
#include <memory>

#include "nn/engine/amx/convert.hpp"
#include "nn/engine/amx/product.hpp"
#include "nn/engine/amx/product_chain.hpp"
#include "nn/engine/amx/tail.hpp"
#include "nn/engine/amx/weights_gradient.hpp"
#include "nn/engine/kernel_choice.hpp"
#include "nn/engine/training_builder.hpp"
#include "nn/layers/batch_norm.hpp"

namespace thimble::nn::amx {
namespace {

Bf16* bf16s(const Tensor& tensor) { return static_cast<Bf16*>(tensor.data()); }
float* floats(const Tensor& tensor) { return static_cast<float*>(tensor.data()); }
std::uint8_t* bytes(const Tensor& tensor) { return static_cast<std::uint8_t*>(tensor.data()); }

/// A product in a training step.
class ProductTraining {
 public:
  ProductTraining(TrainingBuilder& builder, const Layer& layer, const SlidingWindow& window);

  void forward();
  void backward();

 private:
  Program& program() const { return builder_.program(); }
  bool has_bias() const {
    const auto declared = layer_.parameters();
    return std::ranges::any_of(declared, [](const ParameterDeclaration& parameter) {
      return parameter.role == ParameterRole::bias;
    });
  }
  /// The map that goes in flattened, and the vector.
  Desc map_desc() const { return plain_desc(x_->data.desc().dims(), DataType::bf16); }
  Desc flat_desc() const {
    return plain_desc(dims_of(layer_.input(), builder_.batch_size()), DataType::bf16);
  }
  void take_chain();
  void make_products();
  void add_parameters();
  void add_product();
  void add_norm();
  std::vector<Tensor> touched_by_tail(const Tensor& gradient) const;
  TailGradient read_by_tail(const Tensor& gradient) const;
  void add_norm_sums(const Tensor& gradient);
  Tensor tail_gradient(const Tensor& gradient);
  void add_weights_gradient_of_tail(const Tensor& gradient);
  void take_bias_gradient(const Tensor& to);
  /// Values a channel that batch norm normalises.
  double norm_count() const {
    return norm_maps_.batch * static_cast<double>(norm_maps_.positions());
  }

  TrainingBuilder& builder_;
  const Layer& layer_;
  const std::string& name_;
  SlidingWindow window_;
  ProductChain chain_;
  Tail tail_;
  TrainingValuePtr x_, y_, addend_;
  bool of_picture_ = false;
  bool flattened_ = false;  // takes a map of another layout as a vector
  bool is_head_ = false;    // the network's last layer, which puts out floats

  Maps source_maps_, target_maps_, norm_maps_;  // norm_maps_: what batch norm works on
  Product product_, backward_product_;
  std::unique_ptr<WeightsGradient> weights_gradient_;
  NormStatistics statistics_;
  ChannelSums forward_sums_, backward_sums_, bias_sums_;

  Tensor source_, sums_, out_, winner_;
  Tensor weights_, bias_, norm_weights_;           // parameters
  Tensor packed_, packed_backward_, padded_bias_;  // copies of them in the forms that products take
};

ProductTraining::ProductTraining(TrainingBuilder& builder, const Layer& layer,
                                 const SlidingWindow& window)
    : builder_(builder),
      layer_(layer),
      name_(layer.name()),
      window_(window),
      chain_(ProductChain::of(builder.graph(), builder.chain(layer), layer)),
      x_(builder.input(layer)),
      target_maps_(Maps::of(layer.output(), builder.batch_size())),
      statistics_(target_maps_.channels) {
  take_chain();
  make_products();
  add_parameters();
}

/// Leaves out of the chain what there is no pass for.
void ProductTraining::take_chain() {
  // What passes backward through ReLU without batch norm is told from what comes out, to which
  // nothing may have been added; and a ReLU behind the addition is a layer of its own.
  const bool adds = chain_.add && chain_.norm;
  std::size_t taken = 0;
  for (const int layer : chain_.layers) {
    if (chain_.add && layer == chain_.add->index() && !adds) break;
    ++taken;
    if (chain_.add && layer == chain_.add->index()) break;
  }
  chain_.layers.resize(taken);
  if (!adds) chain_.add = nullptr;
  tail_ = {chain_.pool_first, chain_.norm != nullptr, chain_.relu, chain_.pool_last};
  // Without batch norm ReLU and pooling change places: both keep the largest.
  if (!tail_.norm && tail_.pool_last) {
    tail_.pool_first = true;
    tail_.pool_last = false;
  }
  is_head_ = chain_.layers.empty() && layer_.output().flat &&
             layer_.index() + 1 == static_cast<int>(builder_.graph().layers().size());
}

void ProductTraining::make_products() {
  // What no window of a pooling sees need not be computed, and has no gradient.
  if (tail_.pool_first) {
    target_maps_.height = target_maps_.height / 2 * 2;
    target_maps_.width = target_maps_.width / 2 * 2;
  }
  of_picture_ = layer_.inputs().front().layer == 0 && !x_->needs_gradient &&
                !layer_.output().flat && suits_picture(layer_.input().channels, window_);
  if (of_picture_) {
    product_ = Product::pictures(layer_.input(), target_maps_, window_, tail_.pool_first);
    weights_gradient_ = std::make_unique<WeightsGradient>(layer_.input(), target_maps_, window_);
  } else {
    const Desc desc = x_->data.desc();
    flattened_ = !is_maps(desc) && layer_.input().flat && desc.dims().size() == 4;
    source_maps_ = is_maps(desc) ? maps_of(desc, builder_.batch_size())
                                 : Maps::of(layer_.input(), builder_.batch_size());
    // A dense layer's kernel is whatever map its features are.
    if (layer_.output().flat) window_ = {{source_maps_.height, source_maps_.width}, {1, 1}, {0, 0}};
    product_ = Product::forward(source_maps_, target_maps_, window_, tail_.pool_first);
    backward_product_ = Product::backward(source_maps_, target_maps_, window_);
    weights_gradient_ = std::make_unique<WeightsGradient>(source_maps_, target_maps_, window_);
  }
  norm_maps_ = product_.out();
}

void ProductTraining::add_parameters() {
  const int outputs = layer_.output().channels;
  const auto declared = static_cast<dnnl::memory::dim>(
      builder_.graph().parameters()[builder_.parameter_index(layer_, "weight")].size());
  const dnnl::memory::dim inputs = declared / outputs / taps_of(window_);
  ParameterStore& store = builder_.parameters();
  if (of_picture_) {
    const PictureWeights shape{layer_.input().channels, window_.kernel, target_maps_.channels};
    const Dims dims{outputs, shape.rows()};
    weights_ =
        builder_.add_parameter(layer_, "weight", weights_desc(dims, shape.out, shape.padded_rows()),
                               plain_desc(dims, DataType::f32));
    packed_ = store.derived_copy(weights_, shape.packed_size() * sizeof(Bf16),
                                 [shape](const float* from, void* to) {
                                   pack_pictures(shape, from, static_cast<Bf16*>(to));
                                 });
  } else {
    const WeightsShape shape{taps_of(window_), source_maps_.channels, target_maps_.channels};
    const Dims dims{outputs, inputs, window_.kernel.height, window_.kernel.width};
    weights_ = builder_.add_parameter(layer_, "weight", weights_desc(dims, shape.out, shape.in),
                                      plain_desc(dims, DataType::f32));
    packed_ = store.derived_copy(weights_, shape.size() * sizeof(Bf16),
                                 [shape](const float* from, void* to) {
                                   pack_forward(shape, from, static_cast<Bf16*>(to));
                                 });
    if (x_->needs_gradient) {
      packed_backward_ = store.derived_copy(weights_, shape.size() * sizeof(Bf16),
                                            [shape](const float* from, void* to) {
                                              pack_backward(shape, from, static_cast<Bf16*>(to));
                                            });
    }
  }
  if (has_bias()) {
    const Desc desc = plain_desc({outputs}, DataType::f32);
    bias_ = builder_.add_parameter(layer_, "bias", desc, desc);
    padded_bias_ =
        store.derived_copy(bias_, static_cast<std::size_t>(target_maps_.channels) * sizeof(float),
                           [outputs](const float* from, void* to) {
                             std::copy_n(from, outputs, static_cast<float*>(to));
                           });
  }
  if (chain_.norm) {
    const Desc desc({2, outputs}, DataType::f32, Tag::ab);
    norm_weights_ = store.add(desc,
                              {builder_.parameter_index(*chain_.norm, "weight"),
                               builder_.parameter_index(*chain_.norm, "bias")},
                              desc);
  }
}

void ProductTraining::forward() {
  Maps out_maps = norm_maps_;
  if (tail_.pool_last) {
    out_maps.height /= 2;
    out_maps.width /= 2;
  }
  if (of_picture_) {
    const std::size_t size = product_.source_size() + kDepth;
    source_ =
        program().persistent(plain_desc({static_cast<dnnl::memory::dim>(size)}, DataType::bf16));
    program().add(
        Program::forward, name_ + ".pictures", {x_->data},
        [from = x_->data, to = source_, batch = builder_.batch_size(), shape = layer_.input(),
         pad = window_.pad] { pad_pictures(bf16s(from), batch, shape, pad, bf16s(to)); });
  } else {
    Tensor x = x_->data;
    if (flattened_) {
      const Tensor map = program().in_layout(Program::forward, name_, x, map_desc());
      x = program().alias(map, flat_desc());
    }
    source_ =
        program().in_layout(Program::forward, name_, x, maps_desc(source_maps_, DataType::bf16));
  }
  if (tail_.pool_first || tail_.pool_last) {
    winner_ = program().tensor(maps_desc(out_maps, DataType::u8));
  }
  out_ = is_head_ ? program().tensor(plain_desc({builder_.batch_size(), layer_.output().channels},
                                                DataType::f32))
                  : program().tensor(maps_desc(out_maps, DataType::bf16));
  sums_ = chain_.norm ? program().tensor(maps_desc(norm_maps_, DataType::bf16)) : out_;
  add_product();
  if (chain_.norm) add_norm();
  y_ = builder_.add_output(layer_, out_);
  y_->needs_gradient = true;
  for (const int layer : chain_.layers) builder_.set_output(layer, y_);
}

void ProductTraining::add_product() {
  std::vector<Tensor> touched{source_, sums_};
  if (tail_.pool_first) touched.push_back(winner_);
  program().add(Program::forward, name_, touched, [this] {
    ProductOutput output;
    if (bias_) output.bias = floats(padded_bias_);
    output.relu = tail_.relu && !tail_.norm;
    if (tail_.norm) output.statistics = &forward_sums_;
    if (tail_.pool_first) output.winner = bytes(winner_);
    if (is_head_) {
      output.floats = floats(out_);
      output.float_channels = layer_.output().channels;
    } else {
      output.out = bf16s(sums_);
    }
    product_.run(bf16s(source_), bf16s(packed_), output);
  });
}

void ProductTraining::add_norm() {
  const BatchNorm& norm = *chain_.norm;
  const int channels = layer_.output().channels;
  const double count = norm_count();
  program().add(Program::forward, norm.name() + ".statistics", {}, [=, this, &norm] {
    take_statistics(forward_sums_, count, channels, norm.options().epsilon, floats(norm_weights_),
                    floats(norm_weights_) + channels, statistics_);
  });
  add_running_statistics(norm, builder_, count, {}, [this] {
    return BatchStatistics{statistics_.mean.data(), statistics_.variance.data()};
  });
  std::vector<Tensor> touched{sums_, out_};
  if (tail_.pool_last) touched.push_back(winner_);
  if (chain_.add) {
    addend_ = builder_.value_of(chain_.addend);
    touched.push_back(program().in_layout(Program::forward, name_, addend_->data, out_.desc()));
  }
  program().add(Program::forward, norm.name(), touched, [this, other = touched.back()] {
    tail_forward(norm_maps_, tail_, statistics_, bf16s(sums_), chain_.add ? bf16s(other) : nullptr,
                 bf16s(out_), tail_.pool_last ? bytes(winner_) : nullptr);
  });
}

void ProductTraining::backward() {
  const Tensor gradient = is_head_ ? program().in_layout(Program::backward, name_, y_->gradient,
                                                         maps_desc(target_maps_, DataType::bf16))
                                   : builder_.gradient_of(y_, name_);
  if (chain_.add && addend_->needs_gradient) builder_.give_gradient(addend_, gradient, true, name_);
  const bool has_tail = bias_ || tail_.norm || tail_.relu || tail_.pool_first;
  if (has_tail && tail_.norm) add_norm_sums(gradient);
  if (has_tail && !x_->needs_gradient) return add_weights_gradient_of_tail(gradient);
  const Tensor of_sums = has_tail ? tail_gradient(gradient) : gradient;
  program().add(Program::backward, name_ + ".backward_weights", {source_, of_sums},
                [this, of_sums, to = builder_.parameters().gradient(weights_)] {
                  weights_gradient_->run(bf16s(source_), bf16s(of_sums), floats(to));
                });
  if (!x_->needs_gradient) return;
  const Tensor source_gradient = program().tensor(maps_desc(source_maps_, DataType::bf16));
  program().add(Program::backward, name_ + ".backward_data", {of_sums, source_gradient},
                [this, of_sums, source_gradient] {
                  ProductOutput output;
                  output.out = bf16s(source_gradient);
                  backward_product_.run(bf16s(of_sums), bf16s(packed_backward_), output);
                });
  if (!flattened_) return builder_.give_gradient(x_, source_gradient, false, name_);
  const Tensor flat = program().in_layout(Program::backward, name_, source_gradient, flat_desc());
  builder_.give_gradient(x_, program().alias(flat, map_desc()), false, name_);
}

/// What the passes backward through the tail read.
std::vector<Tensor> ProductTraining::touched_by_tail(const Tensor& gradient) const {
  std::vector<Tensor> touched{gradient};
  if (tail_.norm) touched.push_back(sums_);
  if (tail_.relu && !tail_.norm) touched.push_back(out_);
  if (winner_) touched.push_back(winner_);
  return touched;
}

TailGradient ProductTraining::read_by_tail(const Tensor& gradient) const {
  TailGradient from;
  from.gradient = bf16s(gradient);
  if (tail_.norm) from.source = bf16s(sums_);
  if (tail_.relu && !tail_.norm) from.out = bf16s(out_);
  if (winner_) from.winner = bytes(winner_);
  return from;
}

/// Adds the sums over the batch that batch norm's gradients are made of.
void ProductTraining::add_norm_sums(const Tensor& gradient) {
  program().add(Program::backward, chain_.norm->name() + ".sums", touched_by_tail(gradient),
                [this, gradient, channels = layer_.output().channels,
                 to = builder_.parameters().gradient(norm_weights_)] {
                  tail_sums(norm_maps_, tail_, statistics_, read_by_tail(gradient), backward_sums_);
                  const double* total = backward_sums_.total();
                  float* of_scale = floats(to);
                  for (int c = 0; c < channels; ++c) {
                    const auto i = static_cast<std::size_t>(c);
                    of_scale[channels + c] = static_cast<float>(total[i]);
                    of_scale[c] = static_cast<float>(total[norm_maps_.channels + c]) *
                                  statistics_.inverse_deviation[i];
                  }
                });
}

void ProductTraining::take_bias_gradient(const Tensor& to) {
  if (!bias_) return;
  const double* total = bias_sums_.total();
  std::transform(total, total + layer_.output().channels, floats(to),
                 [](double sum) { return static_cast<float>(sum); });
}

/// Adds the pass from the gradient of what comes out to that of the product's sums.
Tensor ProductTraining::tail_gradient(const Tensor& gradient) {
  const Tensor result = program().tensor(maps_desc(target_maps_, DataType::bf16));
  std::vector<Tensor> touched = touched_by_tail(gradient);
  touched.push_back(result);
  Tensor of_bias;
  if (bias_) of_bias = builder_.parameters().gradient(bias_);
  program().add(Program::backward, name_ + ".tail_backward", touched, [=, this] {
    tail_backward(target_maps_, tail_, &statistics_, &backward_sums_, norm_count(),
                  read_by_tail(gradient), bias_ ? &bias_sums_ : nullptr, bf16s(result));
    take_bias_gradient(of_bias);
  });
  return result;
}

/// Adds that pass and the gradient of the weights as one, where nothing else needs what is between
/// them: rows of it then stay in the second-level cache.
void ProductTraining::add_weights_gradient_of_tail(const Tensor& gradient) {
  std::vector<Tensor> touched = touched_by_tail(gradient);
  touched.push_back(source_);
  Tensor of_bias;
  if (bias_) of_bias = builder_.parameters().gradient(bias_);
  program().add(Program::backward, name_ + ".backward_weights", touched,
                [=, this, to = builder_.parameters().gradient(weights_)] {
                  const TailBackward backward(target_maps_, tail_, &statistics_, &backward_sums_,
                                              norm_count(), read_by_tail(gradient),
                                              bias_ ? &bias_sums_ : nullptr);
                  const std::size_t row =
                      static_cast<std::size_t>(target_maps_.width) * target_maps_.position_size();
                  const auto rows = [&](int thread, std::size_t block, int begin, int end,
                                        WeightsGradient::Buffer& memory) {
                    Bf16* out = memory.of<Bf16>(static_cast<std::size_t>(end - begin) * row);
                    backward.rows(thread, block, begin, end, out);
                    return static_cast<const Bf16*>(out);
                  };
                  weights_gradient_->run(bf16s(source_), rows, floats(to));
                  take_bias_gradient(of_bias);
                });
}

/// Whether maps of a layer suit blocks of pictures: not where most of a block would be empty, nor
/// where a place in it is not told by 32 bits.
bool suits_blocks(const TrainingBuilder& builder, const Layer& layer) {
  constexpr int kLeastPictures = kBlock / 4;
  constexpr std::size_t kMostValues = std::numeric_limits<std::uint32_t>::max();
  return builder.batch_size() >= kLeastPictures &&
         Maps::of(layer.input(), builder.batch_size()).block_size() <= kMostValues &&
         Maps::of(layer.output(), builder.batch_size()).block_size() <= kMostValues;
}

}  // namespace

bool train_product(TrainingBuilder& builder, const Layer& layer, const SlidingWindow& window) {
  if (builder.type() != DataType::bf16 || !kernel_choice().blocks_of_pictures ||
      !suits_blocks(builder, layer)) {
    return false;
  }
  const auto training = std::make_shared<ProductTraining>(builder, layer, window);
  training->forward();
  builder.on_backward([training] { training->backward(); });
  return true;
}

}  // namespace thimble::nn::amx
