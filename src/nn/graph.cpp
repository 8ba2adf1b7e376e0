#include "nn/graph.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace thimble::nn {
namespace {

constexpr std::array kKindNames{
    "input",           "conv", "dense", "batch_norm", "max_pool", "avg_pool", "global_max_pool",
    "global_avg_pool", "relu", "gelu",  "dropout",    "flatten",  "add"};

// Larger values are slips of the hand, and keep every product below 2^63.
constexpr int kLargestExtent = 1 << 16;

void require(bool condition, const std::string& message) {
  if (!condition) throw UsageError(message);
}

/// The map that a sliding window leaves of `in`.
Shape slide(const Shape& in, const Layer& window, int channels) {
  const auto left = [](int extent, int kernel, int stride, int pad) {
    return (extent + 2 * pad - kernel) / stride + 1;
  };
  return {channels, left(in.height, window.kernel.height, window.stride.height, window.pad.height),
          left(in.width, window.kernel.width, window.stride.width, window.pad.width), false};
}

/// Refuses a window that is impossible, or does not fit into the map.
void check_window(const char* what, const Shape& in, const Layer& l) {
  require(!in.flat, fmt::format("{}: needs a map [channels, height, width], got {} features", what,
                                in.channels));
  const auto in_range = [](const Extent& e, int low) {
    return e.height >= low && e.width >= low && e.height < kLargestExtent &&
           e.width < kLargestExtent;
  };
  require(in_range(l.kernel, 1) && in_range(l.stride, 1) && in_range(l.pad, 0) &&
              l.pad.height < l.kernel.height && l.pad.width < l.kernel.width,
          fmt::format("{}: kernel {}, stride {} and pad {} are not possible together", what,
                      to_string(l.kernel), to_string(l.stride), to_string(l.pad)));
  require(in.height + 2 * l.pad.height >= l.kernel.height &&
              in.width + 2 * l.pad.width >= l.kernel.width,
          fmt::format("{}: kernel {} does not fit into {} with pad {}", what, to_string(l.kernel),
                      to_string(in), to_string(l.pad)));
}

}  // namespace

const char* to_string(LayerKind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

std::string to_string(const Shape& shape) {
  return shape.flat ? fmt::format("{}", shape.channels)
                    : fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
}

std::string to_string(const Extent& extent) {
  return extent.height == extent.width ? fmt::format("{}", extent.height)
                                       : fmt::format("{}x{}", extent.height, extent.width);
}

Graph::Graph(Shape input) : counts_(kKindNames.size()) {
  require(input.channels > 0 && input.height > 0 && input.width > 0 &&
              input.channels < kLargestExtent && input.height < kLargestExtent &&
              input.width < kLargestExtent,
          fmt::format("input: shape {} is empty or too large", to_string(input)));
  Layer layer;
  layer.kind = LayerKind::input;
  layer.name = "input";
  layer.output = input;
  layers_.push_back(std::move(layer));
}

int Graph::append(Layer layer, std::vector<int> inputs) {
  for (const int input : inputs) {
    require(input >= 0 && input < static_cast<int>(layers_.size()),
            fmt::format("{}: no layer {} to take as input", to_string(layer.kind), input));
  }
  layer.inputs = std::move(inputs);
  layer.name =
      fmt::format("{}{}", to_string(layer.kind), ++counts_[static_cast<std::size_t>(layer.kind)]);
  layers_.push_back(std::move(layer));
  return static_cast<int>(layers_.size()) - 1;
}

int Graph::conv(int from, Layer options) {
  options.kind = LayerKind::conv;
  const Shape in = layer(from).output;
  check_window("conv", in, options);
  require(options.features > 0 && options.features < kLargestExtent && options.groups > 0,
          fmt::format("conv: {} output channels in {} groups", options.features, options.groups));
  require(in.channels % options.groups == 0 && options.features % options.groups == 0,
          fmt::format("conv: {} input and {} output channels do not divide into {} groups",
                      in.channels, options.features, options.groups));
  options.output = slide(in, options, options.features);
  return append(std::move(options), {from});
}

int Graph::dense(int from, int features, bool bias) {
  require(features > 0 && features < kLargestExtent,
          fmt::format("dense: {} output features", features));
  const Shape& in = layer(from).output;
  require(in.flat || in.height * in.width == 1,
          fmt::format("dense: needs a flat input, got {}; put `flatten` before it", to_string(in)));
  Layer dense;
  dense.kind = LayerKind::dense;
  dense.features = features;
  dense.bias = bias;
  dense.output = {features, 1, 1, true};
  return append(std::move(dense), {from});
}

int Graph::batch_norm(int from, double epsilon, double momentum) {
  require(epsilon > 0 && momentum > 0 && momentum <= 1,
          fmt::format("batch_norm: epsilon {} and momentum {} are not both in range", epsilon,
                      momentum));
  Layer norm;
  norm.kind = LayerKind::batch_norm;
  norm.epsilon = epsilon;
  norm.momentum = momentum;
  norm.output = layer(from).output;
  return append(std::move(norm), {from});
}

int Graph::pool(LayerKind kind, int from, Extent kernel, Extent stride, Extent pad) {
  const Shape in = layer(from).output;
  Layer pool;
  pool.kind = kind;
  pool.kernel = kernel;
  pool.stride = stride;
  pool.pad = pad;
  check_window(to_string(kind), in, pool);
  pool.output = slide(in, pool, in.channels);
  return append(std::move(pool), {from});
}

int Graph::global_pool(LayerKind kind, int from) {
  const Shape in = layer(from).output;
  return pool(kind, from, {in.height, in.width}, {1, 1}, {0, 0});
}

int Graph::activation(LayerKind kind, int from) {
  Layer activation;
  activation.kind = kind;
  activation.output = layer(from).output;
  return append(std::move(activation), {from});
}

int Graph::dropout(int from, double rate) {
  require(rate >= 0 && rate < 1, fmt::format("dropout: rate {}, expected 0 <= rate < 1", rate));
  Layer dropout;
  dropout.kind = LayerKind::dropout;
  dropout.rate = rate;
  dropout.output = layer(from).output;
  return append(std::move(dropout), {from});
}

int Graph::flatten(int from) {
  Layer flatten;
  flatten.kind = LayerKind::flatten;
  const std::int64_t size = layer(from).output.size();
  require(size < INT32_MAX, "flatten: too many features");
  flatten.output = {static_cast<int>(size), 1, 1, true};
  return append(std::move(flatten), {from});
}

int Graph::add(int a, int b) {
  require(layer(a).output == layer(b).output,
          fmt::format("add: shapes {} and {} differ", to_string(layer(a).output),
                      to_string(layer(b).output)));
  Layer add;
  add.kind = LayerKind::add;
  add.output = layer(a).output;
  return append(std::move(add), {a, b});
}

Graph Graph::up_to(int last) const {
  Graph graph = *this;
  graph.layers_.resize(static_cast<std::size_t>(last) + 1);
  graph.counts_.assign(graph.counts_.size(), 0);
  for (const Layer& layer : graph.layers_) ++graph.counts_[static_cast<std::size_t>(layer.kind)];
  return graph;
}

int Graph::sole_consumer(int index) const {
  int consumer = -1;
  for (int i = 1; i < static_cast<int>(layers_.size()); ++i) {
    for (const int input : layer(i).inputs) {
      if (input != index) continue;
      if (consumer >= 0) return -1;
      consumer = i;
    }
  }
  return consumer;
}

bool Graph::only_feeds_dense(int index) const {
  for (int i = 1; i < static_cast<int>(layers_.size()); ++i) {
    const Layer& l = layer(i);
    if (std::ranges::find(l.inputs, index) == l.inputs.end()) continue;
    const bool element_wise = l.kind == LayerKind::relu || l.kind == LayerKind::gelu ||
                              l.kind == LayerKind::dropout || l.kind == LayerKind::flatten;
    if (l.kind != LayerKind::dense && !(element_wise && only_feeds_dense(i))) return false;
  }
  return true;
}

std::vector<ParameterDeclaration> Graph::parameters() const {
  std::vector<ParameterDeclaration> all;
  for (int i = 0; i < static_cast<int>(layers_.size()); ++i) {
    const Layer& l = layer(i);
    const auto declare = [&](const char* name, std::vector<std::int64_t> shape,
                             ParameterRole role) {
      all.push_back({l.name + "." + name, std::move(shape), role, i});
    };
    if (l.kind == LayerKind::conv) {
      const int in = layer(l.inputs[0]).output.channels;
      declare("weight", {l.features, in / l.groups, l.kernel.height, l.kernel.width},
              ParameterRole::weight);
      if (l.bias) declare("bias", {l.features}, ParameterRole::bias);
    } else if (l.kind == LayerKind::dense) {
      declare("weight", {l.features, layer(l.inputs[0]).output.size()}, ParameterRole::weight);
      if (l.bias) declare("bias", {l.features}, ParameterRole::bias);
    } else if (l.kind == LayerKind::batch_norm) {
      const int c = l.output.channels;
      declare("weight", {c}, ParameterRole::scale);
      declare("bias", {c}, ParameterRole::shift);
      declare("running_mean", {c}, ParameterRole::running_mean);
      declare("running_var", {c}, ParameterRole::running_variance);
    }
  }
  return all;
}

std::int64_t Graph::parameter_count() const {
  std::int64_t count = 0;
  for (const auto& p : parameters()) {
    if (p.role == ParameterRole::running_mean || p.role == ParameterRole::running_variance)
      continue;
    std::int64_t size = 1;
    for (const auto extent : p.shape) size *= extent;
    count += size;
  }
  return count;
}

std::int64_t forward_flops(const Graph& graph, const Layer& l) {
  const std::int64_t out = l.output.size();
  switch (l.kind) {
    case LayerKind::conv: {
      const int in = graph.layer(l.inputs[0]).output.channels;
      return 2 * out * (in / l.groups) * l.kernel.height * l.kernel.width;
    }
    case LayerKind::dense:
      return 2 * out * graph.layer(l.inputs[0]).output.size();
    case LayerKind::batch_norm:
      return 2 * out;
    case LayerKind::max_pool:
    case LayerKind::avg_pool:
    case LayerKind::global_max_pool:
    case LayerKind::global_avg_pool:
      return out * l.kernel.height * l.kernel.width;
    case LayerKind::relu:
    case LayerKind::gelu:
    case LayerKind::add:
      return out;
    case LayerKind::input:
    case LayerKind::dropout:
    case LayerKind::flatten:
      return 0;
  }
  return 0;
}

std::int64_t Graph::forward_flops() const {
  std::int64_t flops = 0;
  for (const auto& l : layers_) flops += nn::forward_flops(*this, l);
  return flops;
}

std::string Graph::summary() const {
  std::vector<std::int64_t> parameters_of(layers_.size());
  for (const auto& p : parameters()) {
    if (p.role == ParameterRole::running_mean || p.role == ParameterRole::running_variance)
      continue;
    std::int64_t size = 1;
    for (const auto extent : p.shape) size *= extent;
    parameters_of[static_cast<std::size_t>(p.layer)] += size;
  }
  std::string text = fmt::format("{:<18} {:<12} {:>12} {:>12} {:>12}\n", "layer", "output",
                                 "parameters", "MFLOP", "fp32 output");
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& l = layers_[i];
    const std::int64_t output_bytes = l.output.size() * 4;
    bytes += output_bytes;
    text += fmt::format(
        "{:<18} {:<12} {:>12} {:>12.3f} {:>12}\n", l.name, to_string(l.output),
        parameters_of[i] == 0 ? "" : format_count(static_cast<std::uint64_t>(parameters_of[i])),
        static_cast<double>(nn::forward_flops(*this, l)) / 1e6,
        format_bytes(static_cast<std::uint64_t>(output_bytes)));
  }
  text += fmt::format("{:<18} {:<12} {:>12} {:>12.3f} {:>12}\n", "total", "",
                      format_count(static_cast<std::uint64_t>(parameter_count())),
                      static_cast<double>(forward_flops()) / 1e6,
                      format_bytes(static_cast<std::uint64_t>(bytes)));
  return text;
}

}  // namespace thimble::nn
