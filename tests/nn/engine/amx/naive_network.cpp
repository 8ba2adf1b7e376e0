#include "naive_network.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "naive.hpp"
#include "nn/engine/amx/product_chain.hpp"
#include "nn/layers/batch_norm.hpp"

namespace thimble::nn::amx {
namespace {

std::size_t number(int n) { return static_cast<std::size_t>(n); }

/// Where a row of a target and what one tap of a window sees of a row of the source begin, and how
/// many values meet.
struct Row {
  std::size_t source, target;
  int count;
  int stride;  // of the source
};

/// Calls `body(row)` for what one tap of a window joins in a map, positions counted row by row.
template <class Body>
void each_row(const Shape& source, const Shape& target, const SlidingWindow& window, int tap_y,
              int tap_x, const Body& body) {
  const int shift = tap_x - window.pad.width;
  const int stride = window.stride.width;
  const int first = shift < 0 ? (-shift + stride - 1) / stride : 0;
  const int last = std::min(target.width - 1, (source.width - 1 - shift) / stride);
  if (source.width - 1 - shift < 0 || last < first) return;
  for (int y = 0; y < target.height; ++y) {
    const int v = y * window.stride.height - window.pad.height + tap_y;
    if (v < 0 || v >= source.height) continue;
    body(Row{number(v * source.width + first * stride + shift), number(y * target.width + first),
             last - first + 1, stride});
  }
}

/// Calls `body(weight, first value of the source's map, of the target's, tap y, tap x)` for every
/// weight of a convolution and every picture.
template <class Body>
void each_weight(const Shape& source, const Shape& target, const Extent& kernel, int groups,
                 int batch, const Body& body) {
  const int ins = source.channels / groups;
  const int outs = target.channels / groups;
  const int source_map = source.height * source.width;
  const int target_map = target.height * target.width;
  std::size_t weight = 0;
  for (int o = 0; o < target.channels; ++o) {
    for (int i = 0; i < ins; ++i) {
      for (int tap = 0; tap < kernel.height * kernel.width; ++tap, ++weight) {
        for (int n = 0; n < batch; ++n) {
          body(weight, number((n * source.channels + o / outs * ins + i) * source_map),
               number((n * target.channels + o) * target_map), tap / kernel.width,
               tap % kernel.width);
        }
      }
    }
  }
}

/// Calls `body(place in the source, place in the target)` for what the windows of a pool see.
template <class Body>
void each_in_windows(const Layer& layer, int batch, const Body& body) {
  const Shape& source = layer.input();
  const SlidingWindow& window = *layer.window();
  each_weight(source, layer.output(), window.kernel, source.channels, batch,
              [&](std::size_t, std::size_t from, std::size_t to, int tap_y, int tap_x) {
                each_row(source, layer.output(), window, tap_y, tap_x, [&](const Row& row) {
                  for (int i = 0; i < row.count; ++i) {
                    body(from + row.source + number(i * row.stride), to + row.target + number(i));
                  }
                });
              });
}

double gelu(double x) { return x / 2 * (1 + std::erf(x / std::numbers::sqrt2)); }

double gelu_slope(double x) {
  const double density = std::exp(-x * x / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
  return (1 + std::erf(x / std::numbers::sqrt2)) / 2 + x * density;
}

/// A dense layer as a convolution with a kernel as large as the map.
Shape map_of(const Layer& layer, const Shape& input) {
  if (layer.word() != "dense") return input;
  return {static_cast<int>(input.size()), 1, 1, false};
}

bool keeps_largest(const Layer& layer) { return layer.word().find("max") != std::string::npos; }

}  // namespace

NaiveNetwork::NaiveNetwork(const Graph& graph, const ParameterValues& values, int batch,
                           int first_trained_layer)
    : graph_(graph), batch_(batch), first_trained_layer_(first_trained_layer) {
  for (const NamedArray& array : values) {
    parameters_[array.name].assign(array.values.begin(), array.values.end());
    parameter_gradients_[array.name].resize(array.values.size());
  }
  find_fused();
}

void NaiveNetwork::find_fused() {
  is_kept_within_.assign(graph_.layers().size(), false);
  takes_unrounded_ = is_kept_within_;
  const std::vector<Chain> chains = chains_of(graph_);
  for (const auto& layer : graph_.layers()) {
    if (layer->word() != "conv" && layer->word() != "dense") continue;
    const ProductChain chain = ProductChain::of(graph_, chains[number(layer->index())], *layer);
    is_kept_within_[number(layer->index())] = chain.pool_first;
    if (!chain.norm) continue;
    takes_unrounded_[number(chain.norm->index())] = true;
    if (!chain.add) continue;
    for (const int other : chain.layers) {
      if (other >= chain.norm->index() && other < chain.add->index()) {
        is_kept_within_[number(other)] = true;
      }
    }
  }
}

void NaiveNetwork::forward(std::span<const float> input) {
  values_.assign(1, Values(input.begin(), input.end()));
  unrounded_ = values_;
  for (std::size_t i = 1; i < graph_.layers().size(); ++i) {
    Values out = put_out(graph_.layer(static_cast<int>(i)));
    unrounded_.push_back(out);
    for (double& v : out) {
      if (!is_kept_within_[i]) v = static_cast<double>(to_float(to_bf16(v)));
    }
    values_.push_back(std::move(out));
  }
}

void NaiveNetwork::backward(std::span<const float> output_gradient) {
  gradients_.clear();
  for (const Values& values : values_) gradients_.emplace_back(values.size());
  gradients_.back().assign(output_gradient.begin(), output_gradient.end());
  for (auto& [name, gradient] : parameter_gradients_) std::ranges::fill(gradient, 0.0);
  for (int i = static_cast<int>(values_.size()) - 1; i >= std::max(1, first_trained_layer_); --i) {
    take_back(graph_.layer(i));
  }
}

NaiveNetwork::Values NaiveNetwork::put_out(const Layer& layer) {
  const std::string& word = layer.word();
  if (word == "conv") return product(layer, *layer.window());
  if (word == "dense") return product(layer, {});
  if (word == "batch_norm") return normalized(layer);
  if (layer.window()) return pooled(layer, keeps_largest(layer));
  Values out = in(layer);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (word == "relu") out[i] = std::max(out[i], 0.0);
    if (word == "gelu") out[i] = gelu(out[i]);
    if (word == "add") out[i] += values_[number(layer.inputs()[1].layer)][i];
  }
  return out;
}

void NaiveNetwork::take_back(const Layer& layer) {
  const std::string& word = layer.word();
  if (word == "conv") return product_backward(layer, *layer.window());
  if (word == "dense") return product_backward(layer, {});
  if (word == "batch_norm") return norm_backward(layer);
  if (layer.window()) return pool_backward(layer, keeps_largest(layer));
  const Values& source = in(layer);
  const Values& gradient = gradients_[number(layer.index())];
  for (std::size_t i = 0; i < source.size(); ++i) {
    double slope = 1;
    if (word == "relu") slope = source[i] > 0 ? 1 : 0;
    if (word == "gelu") slope = gelu_slope(source[i]);
    in_gradient(layer)[i] += slope * gradient[i];
    if (word == "add") gradients_[number(layer.inputs()[1].layer)][i] += gradient[i];
  }
}

NaiveNetwork::Values NaiveNetwork::product(const Layer& layer, const SlidingWindow& window) {
  const Shape source = map_of(layer, layer.input());
  const Shape& target = layer.output();
  const Values& weights = parameters_.at(layer.name() + ".weight");
  const Values& x = in(layer);
  Values out(number(batch_) * static_cast<std::size_t>(target.size()));
  const std::size_t map = number(target.height * target.width);
  if (parameters_.contains(layer.name() + ".bias")) {
    const Values& bias = parameters_.at(layer.name() + ".bias");
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = bias[i / map % bias.size()];
  }
  const int groups = source.channels / static_cast<int>(layer.parameters().front().shape[1]);
  each_weight(source, target, window.kernel, groups, batch_,
              [&](std::size_t weight, std::size_t from, std::size_t to, int tap_y, int tap_x) {
                const double w = weights[weight];
                if (w == 0) return;
                each_row(source, target, window, tap_y, tap_x, [&](const Row& row) {
                  const double* a = x.data() + from + row.source;
                  double* b = out.data() + to + row.target;
                  for (int i = 0; i < row.count; ++i) b[i] += w * a[i * row.stride];
                });
              });
  return out;
}

void NaiveNetwork::product_backward(const Layer& layer, const SlidingWindow& window) {
  const Shape source = map_of(layer, layer.input());
  const Shape& target = layer.output();
  const Values& weights = parameters_.at(layer.name() + ".weight");
  const Values& x = in(layer);
  const Values& gradient = gradients_[number(layer.index())];
  Values& dx = in_gradient(layer);
  Values& dw = parameter_gradients_.at(layer.name() + ".weight");
  const int groups = source.channels / static_cast<int>(layer.parameters().front().shape[1]);
  each_weight(source, target, window.kernel, groups, batch_,
              [&](std::size_t weight, std::size_t from, std::size_t to, int tap_y, int tap_x) {
                const double w = weights[weight];
                double sum = 0;
                each_row(source, target, window, tap_y, tap_x, [&](const Row& row) {
                  const double* a = x.data() + from + row.source;
                  const double* b = gradient.data() + to + row.target;
                  for (int i = 0; i < row.count; ++i) sum += a[i * row.stride] * b[i];
                  if (w == 0) return;
                  double* c = dx.data() + from + row.source;
                  for (int i = 0; i < row.count; ++i) c[i * row.stride] += w * b[i];
                });
                dw[weight] += sum;
              });
  if (!parameters_.contains(layer.name() + ".bias")) return;
  Values& db = parameter_gradients_.at(layer.name() + ".bias");
  const std::size_t map = number(target.height * target.width);
  for (std::size_t i = 0; i < gradient.size(); ++i) db[i / map % db.size()] += gradient[i];
}

NaiveNetwork::Values NaiveNetwork::normalized(const Layer& layer) {
  const BatchNorm::Options& options = static_cast<const BatchNorm&>(layer).options();
  const Values& x = in(layer);
  const auto channels = number(layer.output().channels);
  const std::size_t map = number(layer.output().height * layer.output().width);
  Values& running_mean = parameters_.at(layer.name() + ".running_mean");
  Values& running_variance = parameters_.at(layer.name() + ".running_var");
  Values mean = running_mean, variance = running_variance;
  const auto channel = [&](std::size_t i) { return i / map % channels; };
  if (layer.index() >= first_trained_layer_) {
    const double count = static_cast<double>(x.size() / channels);
    const Values& sums =
        takes_unrounded_[number(layer.index())] ? unrounded_[input_index(layer)] : x;
    mean.assign(channels, 0);
    variance.assign(channels, 0);
    for (std::size_t i = 0; i < x.size(); ++i) mean[channel(i)] += sums[i] / count;
    for (std::size_t i = 0; i < x.size(); ++i) {
      variance[channel(i)] += std::pow(sums[i] - mean[channel(i)], 2) / count;
    }
    for (std::size_t c = 0; c < channels; ++c) {
      const double unbiased = count > 1 ? variance[c] * count / (count - 1) : variance[c];
      running_mean[c] += options.momentum * (mean[c] - running_mean[c]);
      running_variance[c] += options.momentum * (unbiased - running_variance[c]);
    }
  }
  for (double& v : variance) v = 1 / std::sqrt(v + options.epsilon);
  const Values& scale = parameters_.at(layer.name() + ".weight");
  const Values& shift = parameters_.at(layer.name() + ".bias");
  Values out(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t c = channel(i);
    out[i] = (x[i] - mean[c]) * variance[c] * scale[c] + shift[c];
  }
  means_[layer.index()] = std::move(mean);
  deviations_[layer.index()] = std::move(variance);
  return out;
}

void NaiveNetwork::norm_backward(const Layer& layer) {
  const Values& x = in(layer);
  const Values& gradient = gradients_[number(layer.index())];
  const Values& mean = means_.at(layer.index());
  const Values& inverse = deviations_.at(layer.index());
  const Values& scale = parameters_.at(layer.name() + ".weight");
  Values& of_scale = parameter_gradients_.at(layer.name() + ".weight");
  Values& of_shift = parameter_gradients_.at(layer.name() + ".bias");
  const std::size_t channels = scale.size();
  const std::size_t map = number(layer.output().height * layer.output().width);
  const double count = static_cast<double>(x.size() / channels);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t c = i / map % channels;
    of_shift[c] += gradient[i];
    of_scale[c] += gradient[i] * (x[i] - mean[c]) * inverse[c];
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t c = i / map % channels;
    const double normal = (x[i] - mean[c]) * inverse[c];
    in_gradient(layer)[i] +=
        scale[c] * inverse[c] * (gradient[i] - of_shift[c] / count - normal * of_scale[c] / count);
  }
}

NaiveNetwork::Values NaiveNetwork::pooled(const Layer& layer, bool largest) {
  const Values& x = in(layer);
  Values out(number(batch_) * static_cast<std::size_t>(layer.output().size()),
             largest ? -std::numeric_limits<double>::infinity() : 0.0);
  Values seen(out.size());
  each_in_windows(layer, batch_, [&](std::size_t from, std::size_t to) {
    ++seen[to];
    out[to] = largest ? std::max(out[to], x[from]) : out[to] + x[from];
  });
  for (std::size_t i = 0; i < out.size() && !largest; ++i) out[i] /= seen[i];
  return out;
}

void NaiveNetwork::pool_backward(const Layer& layer, bool largest) {
  const Values& x = in(layer);
  const Values& y = unrounded_[number(layer.index())];
  const Values& gradient = gradients_[number(layer.index())];
  Values& dx = in_gradient(layer);
  Values seen(y.size());
  if (largest) {
    // The first among equals has it all.
    each_in_windows(layer, batch_, [&](std::size_t from, std::size_t to) {
      if (x[from] == y[to] && seen[to]++ == 0) dx[from] += gradient[to];
    });
    return;
  }
  each_in_windows(layer, batch_, [&](std::size_t, std::size_t to) { ++seen[to]; });
  each_in_windows(layer, batch_,
                  [&](std::size_t from, std::size_t to) { dx[from] += gradient[to] / seen[to]; });
}

}  // namespace thimble::nn::amx
