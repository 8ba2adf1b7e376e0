#include "nn/layers/squeeze_excite.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "nn/engine/amx/picture_network.hpp"
#include "nn/engine/inference_builder.hpp"
#include "nn/engine/map_kernels.hpp"
#include "nn/engine/training_builder.hpp"
#include "nn/layers/layer_line.hpp"
#include "nn/layers/product.hpp"
#include "nn/network_export.hpp"

namespace thimble::nn {
namespace {

std::unique_ptr<Layer> parse(LayerLine& line) {
  return std::make_unique<SqueezeExcite>(line.input(), line.next_int("the reduction"));
}

int hidden_features(const Shape& in, int reduction) {
  if (in.flat) {
    throw UsageError(fmt::format(
        "squeeze_excite: needs a map [channels, height, width], got {} features", in.channels));
  }
  if (reduction < 1 || reduction > in.channels) {
    throw UsageError(fmt::format("squeeze_excite: reduction {}, expected 1 to the {} channels",
                                 reduction, in.channels));
  }
  return in.channels / reduction;
}

constexpr std::array kParameters{"squeeze.weight", "squeeze.bias", "excite.weight", "excite.bias"};

/// W1 [hidden, channels], b1 [hidden], W2 [channels, hidden], b2 [channels], fp32: kParameters, or
/// their gradients.
using Parameters = std::array<Tensor, 4>;

float* floats(const Tensor& tensor, std::size_t index = 0) {
  return static_cast<float*>(tensor.data()) + index;
}

/// hidden = relu(W1 means + b1), scales = sigmoid(W2 hidden + b2)
/// @param weights  kParameters, in memory
void make_scales(const std::array<const float*, 4>& weights, std::span<const float> means,
                 std::span<float> hidden, std::span<float> scales) {
  for (std::size_t h = 0; h < hidden.size(); ++h) {
    const float sum =
        weights[1][h] + dot(weights[0] + h * means.size(), means.data(), means.size());
    hidden[h] = std::max(sum, 0.0f);
  }
  for (std::size_t c = 0; c < scales.size(); ++c) {
    const float sum =
        weights[3][c] + dot(weights[2] + c * hidden.size(), hidden.data(), hidden.size());
    scales[c] = 1 / (1 + std::exp(-sum));
  }
}

/// A row a sample: what the two dense layers put out, or gradients of it, fp32. Rows of channels go
/// to the end of the last block.
struct Gate {
  Tensor means, hidden, scales;
};

/// The loops on maps of one layout. Work is divided by samples and by rows of the weights, so
/// results do not depend on the number of threads.
class Loops {
 public:
  Loops(const MapLayout& layout, DataType type, int hidden)
      : layout_(layout),
        type_(type),
        channels_(layout.channels),
        hidden_(static_cast<std::size_t>(hidden)),
        row_(layout.blocks() * layout.block) {}

  Gate make_gate(Program& program) const {
    const auto rows = [&](std::size_t columns) {
      return program.tensor(plain_desc(
          {static_cast<dnnl::memory::dim>(layout_.batch), static_cast<dnnl::memory::dim>(columns)},
          DataType::f32));
    };
    return {rows(row_), rows(hidden_), rows(row_)};
  }

  /// y = x * scales
  void forward(const Tensor& x, const Parameters& weights, const Gate& gate,
               const Tensor& y) const {
    const std::vector<float> no_shift(row_);
    parallel_for(layout_.batch, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t n = begin; n < end; ++n) {
        gate_of(n, x, weights, gate);
        scale_sample(n, x, floats(gate.scales, n * row_), no_shift.data(), y);
      }
    });
  }

  /// @param sums  receives the gradients of the sums that W1 and W2 make, in hidden and scales
  /// @param dx    null: not wanted
  void backward(const Tensor& x, const Tensor& dy, const Parameters& weights, const Gate& gate,
                const Gate& sums, const Tensor& dx) const {
    parallel_for(layout_.batch, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t n = begin; n < end; ++n) {
        gate_backward(n, x, dy, weights, gate, sums);
        if (!dx) continue;
        scale_sample(n, dy, floats(gate.scales, n * row_), floats(sums.means, n * row_), dx);
      }
    });
  }

  void weights_backward(const Gate& gate, const Gate& sums, const Parameters& gradients) const {
    product_backward(floats(sums.hidden), hidden_, hidden_, floats(gate.means), row_, channels_,
                     gradients[0], gradients[1]);
    product_backward(floats(sums.scales), row_, channels_, floats(gate.hidden), hidden_, hidden_,
                     gradients[2], gradients[3]);
  }

 private:
  void gate_of(std::size_t n, const Tensor& x, const Parameters& weights, const Gate& gate) const;
  void gate_backward(std::size_t n, const Tensor& x, const Tensor& dy, const Parameters& weights,
                     const Gate& gate, const Gate& sums) const;

  /// out = in * scale + shift, both a number a channel.
  void scale_sample(std::size_t n, const Tensor& in, const float* scale, const float* shift,
                    const Tensor& out) const {
    for (std::size_t b = 0; b < layout_.blocks(); ++b) {
      const std::size_t first = layout_.offset(n, b);
      scale_channels(layout_, at(in.data(), first, type_), scale + b * layout_.block,
                     shift + b * layout_.block, type_, at(out.data(), first, type_));
    }
  }

  /// dW = dsums' input and db = the sum of dsums over the batch, for sums = W input + b.
  void product_backward(const float* dsums, std::size_t dsums_row, std::size_t outputs,
                        const float* input, std::size_t input_row, std::size_t inputs,
                        const Tensor& dw, const Tensor& db) const {
    parallel_for(outputs, 8, [&](std::size_t begin, std::size_t end) {
      for (std::size_t o = begin; o < end; ++o) {
        float* weights = floats(dw, o * inputs);
        float bias = 0;
        std::fill_n(weights, inputs, 0.0f);
        for (std::size_t n = 0; n < layout_.batch; ++n) {
          const float d = dsums[n * dsums_row + o];
          add_scaled(input + n * input_row, inputs, d, weights);
          bias += d;
        }
        *floats(db, o) = bias;
      }
    });
  }

  MapLayout layout_;
  DataType type_;
  std::size_t channels_;
  std::size_t hidden_;
  std::size_t row_;  // channels to the end of the last block
};

void Loops::gate_of(std::size_t n, const Tensor& x, const Parameters& weights,
                    const Gate& gate) const {
  float* means = floats(gate.means, n * row_);
  float* hidden = floats(gate.hidden, n * hidden_);
  float* scales = floats(gate.scales, n * row_);
  for (std::size_t b = 0; b < layout_.blocks(); ++b) {
    channel_sums(layout_, at(x.data(), layout_.offset(n, b), type_), type_,
                 means + b * layout_.block);
  }
  for (std::size_t c = 0; c < row_; ++c) means[c] /= static_cast<float>(layout_.positions);
  make_scales({floats(weights[0]), floats(weights[1]), floats(weights[2]), floats(weights[3])},
              {means, channels_}, {hidden, hidden_}, {scales, channels_});
  std::fill(scales + channels_, scales + row_, 0.0f);
}

void Loops::gate_backward(std::size_t n, const Tensor& x, const Tensor& dy,
                          const Parameters& weights, const Gate& gate, const Gate& sums) const {
  const float* hidden = floats(gate.hidden, n * hidden_);
  const float* scales = floats(gate.scales, n * row_);
  float* dmeans = floats(sums.means, n * row_);
  float* dhidden = floats(sums.hidden, n * hidden_);
  float* dscales = floats(sums.scales, n * row_);
  for (std::size_t b = 0; b < layout_.blocks(); ++b) {
    const std::size_t first = layout_.offset(n, b);
    channel_products(layout_, at(x.data(), first, type_), at(dy.data(), first, type_), type_,
                     dscales + b * layout_.block);
  }
  std::fill_n(dhidden, hidden_, 0.0f);
  for (std::size_t c = 0; c < channels_; ++c) {
    dscales[c] *= scales[c] * (1 - scales[c]);  // sigmoid' = sigmoid (1 - sigmoid)
    add_scaled(floats(weights[2], c * hidden_), hidden_, dscales[c], dhidden);
  }
  std::fill_n(dmeans, row_, 0.0f);
  for (std::size_t h = 0; h < hidden_; ++h) {
    if (hidden[h] <= 0) dhidden[h] = 0;
    // Each position has its share of the mean.
    add_scaled(floats(weights[0], h * channels_), channels_,
               dhidden[h] / static_cast<float>(layout_.positions), dmeans);
  }
}

}  // namespace

LayerKind squeeze_excite_kind() {
  return {"squeeze_excite",
          parse,
          {{{6, 4, 3, false}, {"squeeze_excite 2"}},
           {{5, 3, 3, false}, {"conv 20 2", "squeeze_excite 4"}},
           {{3, 5, 7, false}, {"squeeze_excite 1"}}},
          false};
}

SqueezeExcite::SqueezeExcite(const LayerInput& input, int reduction)
    : Layer("squeeze_excite", {input}, input.shape),
      reduction_(reduction),
      hidden_(hidden_features(input.shape, reduction)) {}

std::string SqueezeExcite::line() const { return fmt::format("squeeze_excite {}", reduction_); }

std::vector<ParameterDeclaration> SqueezeExcite::parameters() const {
  const int channels = output().channels;
  return {parameter(kParameters[0], {hidden_, channels}, ParameterRole::weight),
          parameter(kParameters[1], {hidden_}, ParameterRole::bias),
          parameter(kParameters[2], {channels, hidden_}, ParameterRole::weight),
          parameter(kParameters[3], {channels}, ParameterRole::bias)};
}

std::int64_t SqueezeExcite::forward_flops() const {
  // Mean and scaling of every value, and two dense layers.
  return 2 * output().size() + std::int64_t{4} * output().channels * hidden_;
}

void SqueezeExcite::train(TrainingBuilder& builder) const {
  Program& program = builder.program();
  const TrainingValuePtr x = builder.input(*this);
  const Tensor outside = builder.outside_amx(*this, x->data);
  const Desc desc = describable(outside.desc());
  const Loops loops(*MapLayout::of(desc), builder.type(), hidden_);
  const Tensor source = program.in_layout(Program::forward, name(), outside, desc);
  const Tensor out = program.tensor(desc);
  const Gate gate = loops.make_gate(program);
  Parameters weights;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto shape = parameters()[i].shape;
    const Desc plain = plain_desc({shape.begin(), shape.end()}, DataType::f32);
    weights[i] = builder.add_parameter(*this, kParameters[i], plain, plain);
  }
  program.add(Program::forward, name(), {source, gate.means, gate.hidden, gate.scales, out},
              [=] { loops.forward(source, weights, gate, out); });

  const TrainingValuePtr y = builder.add_output(*this, out);
  builder.on_backward([=, this, &builder, &program] {
    const Tensor gradient = builder.gradient_of(y, name());
    const Gate sums = loops.make_gate(program);
    Tensor source_gradient;
    if (x->needs_gradient) source_gradient = program.tensor(desc);
    std::vector<Tensor> touches{source,      gradient,   gate.means,  gate.hidden,
                                gate.scales, sums.means, sums.hidden, sums.scales};
    if (source_gradient) touches.push_back(source_gradient);
    program.add(Program::backward, name() + ".backward", touches,
                [=] { loops.backward(source, gradient, weights, gate, sums, source_gradient); });
    Parameters gradients;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      gradients[i] = builder.parameters().gradient(weights[i]);
    }
    program.add(Program::backward, name() + ".backward_weights",
                {gate.means, gate.hidden, sums.hidden, sums.scales},
                [=] { loops.weights_backward(gate, sums, gradients); });
    if (x->needs_gradient) builder.give_gradient(x, source_gradient, false, name());
  });
}

void SqueezeExcite::infer(InferenceBuilder& builder) const {
  Program& program = builder.program();
  const Desc desc = describable(builder.input(*this).desc());
  const Loops loops(*MapLayout::of(desc), builder.type(), hidden_);
  const Tensor source = program.in_layout(Program::forward, name(), builder.input(*this), desc);
  const Tensor out = program.tensor(desc);
  const Gate gate = loops.make_gate(program);
  Parameters weights;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto shape = parameters()[i].shape;
    weights[i] = program.persistent(plain_desc({shape.begin(), shape.end()}, DataType::f32));
  }
  program.add(Program::forward, name(), {source, gate.means, gate.hidden, gate.scales, out},
              [=] { loops.forward(source, weights, gate, out); });
  builder.on_fill([=, this](const ParameterValues& values) {
    for (std::size_t i = 0; i < weights.size(); ++i) {
      std::ranges::copy(parameter_values(values, *this, kParameters[i]), floats(weights[i]));
    }
  });
  builder.set_output(index(), out);
}

void SqueezeExcite::to_onnx(NetworkExport& file) const {
  onnx::ModelBuilder& onnx = file.builder();
  const std::string& x = file.input(*this);
  // On maps of 1x1 a dense layer is a convolution 1x1.
  const auto dense = [&](const std::string& value, const char* weight, const char* bias) {
    const auto& numbers = *find_parameter(file.parameters(), *this, weight);
    const std::vector<std::int64_t> shape{numbers.shape[0], numbers.shape[1], 1, 1};
    const std::string kernel = onnx.constant(numbers.name, std::span(numbers.values), shape);
    return onnx.node("Conv", {value, kernel, file.constant(*this, bias)});
  };
  const std::string means = onnx.node("GlobalAveragePool", {x});
  const std::string hidden = onnx.node("Relu", {dense(means, kParameters[0], kParameters[1])});
  const std::string scales = onnx.node("Sigmoid", {dense(hidden, kParameters[2], kParameters[3])});
  file.set_output(index(), onnx.node("Mul", {x, scales}));
}

bool SqueezeExcite::infer_picture(amx::PictureNetwork& network) const {
  const amx::PictureMap x = network.value(inputs().front().layer);
  const amx::PictureMap out = network.new_map_like(x);
  std::array<std::vector<float>, 4> weights;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] = parameter_values(network.values(), *this, kParameters[i]);
  }
  const auto padded = static_cast<std::size_t>(x.channels);
  // The border, which is zero, adds nothing to the sums and stays as it is.
  const MapLayout layout{1, padded, x.size() / padded, padded};
  const auto channels = static_cast<std::size_t>(output().channels);
  const auto positions = static_cast<float>(x.height * x.width);
  network.add([=, weights = std::move(weights),
               hidden_features = static_cast<std::size_t>(hidden_)](amx::PictureWorkspace& w) {
    std::vector<float> means(padded), scales(padded), hidden(hidden_features);
    channel_sums(layout, w.of(x), DataType::bf16, means.data());
    for (float& mean : means) mean /= positions;
    make_scales({weights[0].data(), weights[1].data(), weights[2].data(), weights[3].data()},
                std::span(means).first(channels), hidden, std::span(scales).first(channels));
    const std::vector<float> no_shift(padded);
    scale_channels(layout, w.of(x), scales.data(), no_shift.data(), DataType::bf16, w.of(out));
  });
  network.set_value(index(), out);
  return true;
}

}  // namespace thimble::nn
