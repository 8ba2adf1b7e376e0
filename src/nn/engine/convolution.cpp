#include "nn/engine/convolution.hpp"

#include <array>
#include <optional>

#include "base/error.hpp"
#include "nn/layers/conv.hpp"

namespace thimble::nn {
namespace {

using Algorithm = dnnl::algorithm;

// A convolution of so few channels has kernels of its own, which read row-major pictures.
constexpr int kFewChannels = 4;

/// Winograd's algorithm (Lavin and Gray, arXiv 1509.09308) needs fewer multiplications for 3x3
/// kernels; in fp32 it is 15 to 35 % faster than the direct one where oneDNN has it. In bf16 its
/// rounding error would double.
bool suits_winograd(const ConvolutionShape& shape, DataType type) {
  return type == DataType::f32 && shape.weights.size() == 4 && shape.weights[1] >= 16 &&
         shape.weights[2] == 3 && shape.weights[3] == 3 && shape.strides == Dims{1, 1};
}

/// The first of the candidates that is not oneDNN's slow fallback; else the last that exists.
template <class PrimitiveDesc, class Candidate, class Make>
PrimitiveDesc first_fast(std::span<const Candidate> candidates, const Make& make) {
  std::optional<PrimitiveDesc> slow;
  for (const auto& candidate : candidates) {
    try {
      PrimitiveDesc made = make(candidate);
      if (!is_reference(made.impl_info_str())) return made;
      slow = std::move(made);
    } catch (const dnnl::error&) {
      // This combination does not exist on this processor.
    }
  }
  if (!slow) throw Error("convolution: oneDNN has no implementation for this shape and precision");
  return *slow;
}

struct Layouts {
  Algorithm algorithm;
  Desc first;
  Desc second;
};

/// Candidates: each pair of layouts with Winograd first where it suits, then all direct.
std::vector<Layouts> candidates(const ConvolutionShape& shape, DataType type,
                                const std::vector<std::pair<Desc, Desc>>& layouts) {
  std::vector<Layouts> all;
  for (const auto algorithm : {Algorithm::convolution_winograd, Algorithm::convolution_direct}) {
    if (algorithm == Algorithm::convolution_winograd && !suits_winograd(shape, type)) continue;
    for (const auto& [first, second] : layouts) all.push_back({algorithm, first, second});
  }
  return all;
}

Desc any(const Dims& dims, DataType type) { return {dims, type, Tag::any}; }

Desc bias_desc(const ConvolutionShape& shape) {
  return shape.has_bias ? Desc(shape.bias, DataType::f32, Tag::a) : Desc();
}

}  // namespace

ConvolutionShape ConvolutionShape::of(const Conv& layer, int batch) {
  const auto& [features, window, groups, bias] = layer.options();
  ConvolutionShape shape;
  shape.source = dims_of(layer.input(), batch);
  shape.destination = dims_of(layer.output(), batch);
  shape.weights = {features / groups, layer.input().channels / groups, window.kernel.height,
                   window.kernel.width};
  if (groups > 1) shape.weights.insert(shape.weights.begin(), groups);
  shape.bias = {features};
  shape.strides = {window.stride.height, window.stride.width};
  shape.pads = {window.pad.height, window.pad.width};
  shape.has_bias = bias;
  return shape;
}

bool suits_unfolding(const ConvolutionShape& shape, DataType type) {
  constexpr dnnl::memory::dim kSmallMap = 16;  // positions
  constexpr dnnl::memory::dim kManyChannels = 64;
  return type == DataType::bf16 && shape.weights.size() == 4 && !shape.has_bias &&
         shape.destination[2] * shape.destination[3] <= kSmallMap &&
         shape.source[1] >= kManyChannels && shape.destination[1] >= kManyChannels &&
         shape.weights[2] * shape.weights[3] > 1;
}

dnnl::convolution_forward::primitive_desc choose_convolution(const ConvolutionShape& shape,
                                                             const Desc& source, DataType type,
                                                             bool training, bool relu) {
  std::vector<std::pair<Desc, Desc>> layouts;
  if (shape.source[1] <= kFewChannels && shape.weights.size() == 4) {
    const Desc plain = plain_desc(shape.source, type);
    layouts.emplace_back(plain, Desc(shape.destination, type, Tag::nChw16c));
    layouts.emplace_back(plain, Desc(shape.destination, type, Tag::nChw8c));
  } else if (source != plain_desc(shape.source, type)) {
    layouts.emplace_back(source, any(shape.destination, type));
  }
  layouts.emplace_back(any(shape.source, type), any(shape.destination, type));

  dnnl::primitive_attr attributes = planned_scratchpad();
  if (relu) {
    dnnl::post_ops post;
    post.append_eltwise(1.0f, Algorithm::eltwise_relu, 0.0f, 0.0f);
    attributes.set_post_ops(post);
  }
  const auto propagation =
      training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
  const auto all = candidates(shape, type, layouts);
  return first_fast<dnnl::convolution_forward::primitive_desc>(
      std::span<const Layouts>(all), [&](const Layouts& c) {
        const dnnl::convolution_forward::desc desc(propagation, c.algorithm, c.first,
                                                   any(shape.weights, type), bias_desc(shape),
                                                   c.second, shape.strides, shape.pads, shape.pads);
        return dnnl::convolution_forward::primitive_desc(desc, attributes, cpu_engine());
      });
}

dnnl::convolution_backward_weights::primitive_desc choose_convolution_backward_weights(
    const ConvolutionShape& shape, const Desc& source, const Desc& gradient, DataType type,
    const dnnl::convolution_forward::primitive_desc& forward) {
  const auto all = candidates(shape, type,
                              {{source, gradient},
                               {source, any(shape.destination, type)},
                               {any(shape.source, type), any(shape.destination, type)}});
  return first_fast<dnnl::convolution_backward_weights::primitive_desc>(
      std::span<const Layouts>(all), [&](const Layouts& c) {
        const dnnl::convolution_backward_weights::desc desc(
            c.algorithm, c.first, any(shape.weights, DataType::f32), bias_desc(shape), c.second,
            shape.strides, shape.pads, shape.pads);
        return dnnl::convolution_backward_weights::primitive_desc(desc, planned_scratchpad(),
                                                                  cpu_engine(), forward);
      });
}

dnnl::convolution_backward_data::primitive_desc choose_convolution_backward_data(
    const ConvolutionShape& shape, const Desc& source, const Desc& gradient, DataType type,
    const dnnl::convolution_forward::primitive_desc& forward) {
  const auto all = candidates(shape, type,
                              {{source, gradient},
                               {any(shape.source, type), gradient},
                               {any(shape.source, type), any(shape.destination, type)}});
  return first_fast<dnnl::convolution_backward_data::primitive_desc>(
      std::span<const Layouts>(all), [&](const Layouts& c) {
        const dnnl::convolution_backward_data::desc desc(c.algorithm, c.first,
                                                         any(shape.weights, type), c.second,
                                                         shape.strides, shape.pads, shape.pads);
        return dnnl::convolution_backward_data::primitive_desc(desc, planned_scratchpad(),
                                                               cpu_engine(), forward);
      });
}

}  // namespace thimble::nn
