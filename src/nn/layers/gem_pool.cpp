#include "nn/layers/gem_pool.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/simd.hpp"
#include "nn/engine/amx/picture_network.hpp"
#include "nn/engine/bf16.hpp"
#include "nn/engine/inference_builder.hpp"
#include "nn/engine/map_kernels.hpp"
#include "nn/engine/training_builder.hpp"
#include "nn/engine/vector_math.hpp"
#include "nn/layers/layer_line.hpp"
#include "nn/layers/product.hpp"
#include "nn/network_export.hpp"

namespace thimble::nn {
namespace {

constexpr float kFirstExponent = 3;
constexpr float kEpsilon = 1e-6f;

std::unique_ptr<Layer> parse(LayerLine& line) { return std::make_unique<GemPool>(line.input()); }

Shape output_shape(const Shape& in) {
  if (in.flat) {
    throw UsageError(fmt::format("gem_pool: needs a map [channels, height, width], got {} features",
                                 in.channels));
  }
  return {in.channels, 1, 1, false};
}

float* floats(const Tensor& tensor, std::size_t index = 0) {
  return static_cast<float*>(tensor.data()) + index;
}

/// max(x, epsilon): positive floats are ordered as their bits are.
inline float at_least_epsilon(float x) {
  return std::bit_cast<float>(
      std::max(std::bit_cast<std::int32_t>(x), std::bit_cast<std::int32_t>(kEpsilon)));
}

/// Adds t^p and t^p ln t, with t = max(x, epsilon), to the sums of the value's lane.
template <class Value>
inline void add_powers(const Value* values, std::size_t count, float p, float* powers,
                       float* log_powers) {
  THIMBLE_IVDEP
  for (std::size_t lane = 0; lane < count; ++lane) {
    const float log_t = log_of(at_least_epsilon(load(values[lane])));
    const float power = exp_of(p * log_t);
    powers[lane] += power;
    log_powers[lane] += power * log_t;
  }
}

template <class Value>
inline void sum_powers(const Value* values, std::size_t n, std::size_t lanes, float p,
                       float* powers, float* log_powers) {
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) add_powers(values + i, lanes, p, powers, log_powers);
  add_powers(values + i, n - i, p, powers, log_powers);
}

/// out = factor t^(p - 1), or 0 where x <= epsilon.
template <class Value>
inline void scale_powers(const Value* values, std::size_t count, float p, const float* factors,
                         Value* out) {
  THIMBLE_IVDEP
  for (std::size_t lane = 0; lane < count; ++lane) {
    const float x = load(values[lane]);
    const float power = exp_of((p - 1) * log_of(at_least_epsilon(x)));
    const auto mask = -static_cast<std::uint32_t>(std::bit_cast<std::int32_t>(x) >
                                                  std::bit_cast<std::int32_t>(kEpsilon));
    store(masked(factors[lane] * power, mask), out[lane]);
  }
}

template <class Value>
inline void powers_backward(const Value* values, std::size_t n, std::size_t lanes, float p,
                            const float* factors, Value* out) {
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) scale_powers(values + i, lanes, p, factors, out + i);
  scale_powers(values + i, n - i, p, factors, out + i);
}

THIMBLE_SIMD_CLONES
void sum_powers_f32(const float* values, std::size_t n, std::size_t lanes, float p, float* powers,
                    float* log_powers) {
  sum_powers(values, n, lanes, p, powers, log_powers);
}
THIMBLE_SIMD_CLONES
void sum_powers_bf16(const Bf16* values, std::size_t n, std::size_t lanes, float p, float* powers,
                     float* log_powers) {
  sum_powers(values, n, lanes, p, powers, log_powers);
}
THIMBLE_SIMD_CLONES
void powers_backward_f32(const float* values, std::size_t n, std::size_t lanes, float p,
                         const float* factors, float* out) {
  powers_backward(values, n, lanes, p, factors, out);
}
THIMBLE_SIMD_CLONES
void powers_backward_bf16(const Bf16* values, std::size_t n, std::size_t lanes, float p,
                          const float* factors, Bf16* out) {
  powers_backward(values, n, lanes, p, factors, out);
}

float get(const Tensor& tensor, std::size_t index, DataType type) {
  return type == DataType::bf16 ? from_bf16(static_cast<const Bf16*>(tensor.data())[index])
                                : *floats(tensor, index);
}

void set(const Tensor& tensor, std::size_t index, DataType type, float value) {
  if (type == DataType::bf16) {
    static_cast<Bf16*>(tensor.data())[index] = to_bf16(value);
  } else {
    *floats(tensor, index) = value;
  }
}

/// What forward leaves for backward, a row a sample: the means over the positions of t^p and of
/// t^p ln t, fp32 [batch, channels].
struct Means {
  Tensor powers, log_powers;
};

/// The loops on maps of one layout, each sample on one thread.
class Loops {
 public:
  Loops(const MapLayout& layout, DataType type) : layout_(layout), type_(type) {}

  Means make_means(Program& program) const {
    const Desc rows = plain_desc({static_cast<dnnl::memory::dim>(layout_.batch),
                                  static_cast<dnnl::memory::dim>(layout_.channels)},
                                 DataType::f32);
    return {program.tensor(rows), program.tensor(rows)};
  }

  /// y = (mean t^p)^(1/p), row-major [batch, channels]
  void forward(const Tensor& x, const Tensor& exponent, const Means& means, const Tensor& y) const;

  /// @param shares  receives each sample's share of the gradient of p, fp32 [batch]
  /// @param dx      null: not wanted
  void backward(const Tensor& x, const Tensor& dy, const Tensor& exponent, const Means& means,
                const Tensor& shares, const Tensor& dx) const;

 private:
  // Sums of a chunk: of one channel in several parts, or of all channels of a block.
  std::size_t lanes() const { return layout_.block == 1 ? kPartialSums : layout_.block; }
  void chunk_means(const void* chunk, float p, std::vector<float>& sums) const;
  void chunk_backward(const Tensor& x, std::size_t first, float p,
                      const std::vector<float>& factors, const Tensor& dx) const;

  MapLayout layout_;
  DataType type_;
};

/// @param sums  the first `block` receive the means of t^p, those from lanes() on of t^p ln t
void Loops::chunk_means(const void* chunk, float p, std::vector<float>& sums) const {
  std::ranges::fill(sums, 0.0f);
  float* halves[] = {sums.data(), sums.data() + lanes()};
  if (type_ == DataType::bf16) {
    sum_powers_bf16(static_cast<const Bf16*>(chunk), layout_.chunk(), lanes(), p, halves[0],
                    halves[1]);
  } else {
    sum_powers_f32(static_cast<const float*>(chunk), layout_.chunk(), lanes(), p, halves[0],
                   halves[1]);
  }
  for (float* half : halves) {
    for (std::size_t i = 1; layout_.block == 1 && i < lanes(); ++i) half[0] += half[i];
    for (std::size_t c = 0; c < layout_.block; ++c) {
      half[c] /= static_cast<float>(layout_.positions);
    }
  }
}

void Loops::forward(const Tensor& x, const Tensor& exponent, const Means& means,
                    const Tensor& y) const {
  const float p = *floats(exponent);
  parallel_for(layout_.batch, 1, [&](std::size_t begin, std::size_t end) {
    std::vector<float> sums(2 * lanes());
    for (std::size_t n = begin; n < end; ++n) {
      for (std::size_t b = 0; b < layout_.blocks(); ++b) {
        chunk_means(at(x.data(), layout_.offset(n, b), type_), p, sums);
        const std::size_t first = n * layout_.channels + b * layout_.block;
        for (std::size_t c = 0; c < layout_.channels_of(b); ++c) {
          *floats(means.powers, first + c) = sums[c];
          *floats(means.log_powers, first + c) = sums[lanes() + c];
          set(y, first + c, type_, std::pow(sums[c], 1 / p));
        }
      }
    }
  });
}

void Loops::chunk_backward(const Tensor& x, std::size_t first, float p,
                           const std::vector<float>& factors, const Tensor& dx) const {
  if (type_ == DataType::bf16) {
    powers_backward_bf16(static_cast<const Bf16*>(x.data()) + first, layout_.chunk(), lanes(), p,
                         factors.data(), static_cast<Bf16*>(dx.data()) + first);
  } else {
    powers_backward_f32(floats(x, first), layout_.chunk(), lanes(), p, factors.data(),
                        floats(dx, first));
  }
}

void Loops::backward(const Tensor& x, const Tensor& dy, const Tensor& exponent, const Means& means,
                     const Tensor& shares, const Tensor& dx) const {
  const float p = *floats(exponent);
  parallel_for(layout_.batch, 1, [&](std::size_t begin, std::size_t end) {
    std::vector<float> factors(lanes());
    for (std::size_t n = begin; n < end; ++n) {
      float share = 0;
      for (std::size_t b = 0; b < layout_.blocks(); ++b) {
        std::ranges::fill(factors, 0.0f);
        for (std::size_t c = 0; c < layout_.channels_of(b); ++c) {
          const std::size_t i = n * layout_.channels + b * layout_.block + c;
          // y = m^(1/p) with the means m of t^p and k of t^p ln t:
          // dy/dx = y / (m positions) t^(p-1), dy/dp = y (k / (p m) - ln m / p^2)
          const float m = *floats(means.powers, i);
          const float dy_y = get(dy, i, type_) * std::pow(m, 1 / p);
          share += dy_y * (*floats(means.log_powers, i) / (p * m) - std::log(m) / (p * p));
          factors[c] = dy_y / (m * static_cast<float>(layout_.positions));
        }
        if (layout_.block == 1) std::ranges::fill(factors, factors[0]);
        if (dx) chunk_backward(x, layout_.offset(n, b), p, factors, dx);
      }
      *floats(shares, n) = share;
    }
  });
}

void add_up(const Tensor& shares, const Tensor& to) {
  double sum = 0;
  const auto n = static_cast<std::size_t>(shares.desc().dims()[0]);
  for (std::size_t i = 0; i < n; ++i) sum += *floats(shares, i);
  *floats(to) = static_cast<float>(sum);
}

const Desc& one_number() {
  static const Desc desc = plain_desc({1}, DataType::f32);
  return desc;
}

}  // namespace

LayerKind gem_pool_kind() {
  return {"gem_pool",
          parse,
          {{{5, 4, 3, false}, {"gem_pool"}},
           {{3, 5, 4, false}, {"conv 20 2", "gem_pool"}},
           {{4, 5, 5, false}, {"conv 16 2", "relu", "gem_pool"}}}};
}

GemPool::GemPool(const LayerInput& input) : Layer("gem_pool", {input}, output_shape(input.shape)) {}

std::vector<ParameterDeclaration> GemPool::parameters() const {
  return {parameter("p", {1}, ParameterRole::scale, kFirstExponent)};
}

// A logarithm, a product, an exponential and a sum for every value.
std::int64_t GemPool::forward_flops() const { return 4 * input().size(); }

void GemPool::train(TrainingBuilder& builder) const {
  Program& program = builder.program();
  const TrainingValuePtr x = builder.input(*this);
  const Tensor outside = builder.outside_amx(*this, x->data);
  const Desc desc = describable(outside.desc());
  const Loops loops(*MapLayout::of(desc), builder.type());
  const Tensor source = program.in_layout(Program::forward, name(), outside, desc);
  const Tensor out =
      program.tensor(plain_desc(dims_of(output(), builder.batch_size()), builder.type()));
  const Means means = loops.make_means(program);
  const Tensor exponent = builder.add_parameter(*this, "p", one_number(), one_number());
  program.add(Program::forward, name(), {source, means.powers, means.log_powers, out},
              [=] { loops.forward(source, exponent, means, out); });

  const TrainingValuePtr y = builder.add_output(*this, out);
  builder.on_backward([=, this, &builder, &program] {
    const Tensor gradient = builder.gradient_of(y, name());
    const Tensor shares = program.tensor(plain_desc({builder.batch_size()}, DataType::f32));
    Tensor source_gradient;
    if (x->needs_gradient) source_gradient = program.tensor(desc);
    std::vector<Tensor> touches{source, gradient, means.powers, means.log_powers, shares};
    if (source_gradient) touches.push_back(source_gradient);
    const Tensor exponent_gradient = builder.parameters().gradient(exponent);
    program.add(Program::backward, name() + ".backward", touches, [=] {
      loops.backward(source, gradient, exponent, means, shares, source_gradient);
      add_up(shares, exponent_gradient);
    });
    if (x->needs_gradient) builder.give_gradient(x, source_gradient, false, name());
  });
}

void GemPool::infer(InferenceBuilder& builder) const {
  Program& program = builder.program();
  const Desc desc = describable(builder.input(*this).desc());
  const Loops loops(*MapLayout::of(desc), builder.type());
  const Tensor source = program.in_layout(Program::forward, name(), builder.input(*this), desc);
  const Tensor out =
      program.tensor(plain_desc(dims_of(output(), builder.batch_size()), builder.type()));
  const Means means = loops.make_means(program);
  const Tensor exponent = program.persistent(one_number());
  program.add(Program::forward, name(), {source, means.powers, means.log_powers, out},
              [=] { loops.forward(source, exponent, means, out); });
  builder.on_fill([=, this](const ParameterValues& values) {
    *floats(exponent) = parameter_values(values, *this, "p")[0];
  });
  builder.set_output(index(), out);
}

void GemPool::to_onnx(NetworkExport& file) const {
  onnx::ModelBuilder& onnx = file.builder();
  const float p = parameter_values(file.parameters(), *this, "p")[0];
  const std::string t = onnx.node("Max", {file.input(*this), onnx.scalar("epsilon", kEpsilon)});
  const std::string powers = onnx.node("Pow", {t, file.constant(*this, "p")});
  const std::string means = onnx.node("GlobalAveragePool", {powers});
  file.set_output(index(), onnx.node("Pow", {means, onnx.scalar("root", 1 / p)}));
}

bool GemPool::infer_picture(amx::PictureNetwork& network) const {
  const amx::PictureMap x = network.value(inputs().front().layer);
  const amx::PictureMap out = network.new_map(output());
  const float p = parameter_values(network.values(), *this, "p")[0];
  const auto channels = static_cast<std::size_t>(output().channels);
  network.add([=](amx::PictureWorkspace& workspace) {
    const auto lanes = static_cast<std::size_t>(x.channels);
    std::vector<float> powers(lanes), log_powers(lanes);
    for (int y = 0; y < x.height; ++y) {
      sum_powers_bf16(workspace.of(x) + x.at(y, 0), static_cast<std::size_t>(x.width) * lanes,
                      lanes, p, powers.data(), log_powers.data());
    }
    const auto positions = static_cast<float>(x.height * x.width);
    Bf16* means = workspace.of(out) + out.at(0, 0);
    for (std::size_t c = 0; c < channels; ++c) {
      means[c] = to_bf16(std::pow(powers[c] / positions, 1 / p));
    }
  });
  network.set_value(index(), out);
  return true;
}

}  // namespace thimble::nn
