#include "nn/engine/amx/picture_network.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "nn/engine/amx/picture_product.hpp"
#include "nn/engine/kernel_choice.hpp"
#include "nn/engine/kernels.hpp"

namespace thimble::nn::amx {
namespace {

constexpr std::align_val_t kAlignment{64};
// A tile's row may be read beyond the last value.
constexpr std::size_t kSlack = 64;

float to_float(Bf16 value) { return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16); }

/// [out, in, taps] as declared, to the form of WeightsShape.
std::vector<float> to_tiles(std::span<const float> declared, int outs, int ins,
                            const WeightsShape& shape) {
  std::vector<float> tiles(shape.size());
  const auto taps = static_cast<std::size_t>(shape.taps);
  const auto out_groups = static_cast<std::size_t>(shape.out) / kTileRows;
  const auto in_groups = static_cast<std::size_t>(shape.in) / kTileRows;
  const auto in_count = static_cast<std::size_t>(ins);
  for (std::size_t o = 0; o < static_cast<std::size_t>(outs); ++o) {
    for (std::size_t i = 0; i < in_count; ++i) {
      for (std::size_t tap = 0; tap < taps; ++tap) {
        const std::size_t tile = (tap * in_groups + i / kTileRows) * out_groups + o / kTileRows;
        tiles[(tile * kTileRows + i % kTileRows) * kTileRows + o % kTileRows] =
            declared[(o * in_count + i) * taps + tap];
      }
    }
  }
  return tiles;
}

/// The positions of a product that pooling looks at.
Extent looked_at(const Shape& target, bool pooled) {
  if (!pooled) return {target.height, target.width};
  return {target.height / 2 * 2, target.width / 2 * 2};
}

}  // namespace

void PictureWorkspace::Free::operator()(Bf16* data) const { ::operator delete(data, kAlignment); }

PictureNetwork::PictureNetwork(const Graph& graph) : graph_(graph), chains_(chains_of(graph)) {
  for (const auto& layer : graph_.layers()) {
    if (const SlidingWindow* window = layer->window()) {
      border_ = std::max({border_, window->pad.height, window->pad.width});
    }
  }
}

std::unique_ptr<PictureNetwork> PictureNetwork::make(const Graph& graph,
                                                     const ParameterValues& values) {
  if (graph.parameter_count() > kernel_choice().most_picture_parameters) return nullptr;
  std::unique_ptr<PictureNetwork> network(new PictureNetwork(graph));
  return network->build(values) ? std::move(network) : nullptr;
}

void PictureNetwork::set_parameters(const ParameterValues& values) { build(values); }

bool PictureNetwork::build(const ParameterValues& values) {
  values_ = &values;
  maps_.assign(graph_.layers().size(), std::nullopt);
  buffer_sizes_.clear();
  operations_.clear();
  ends_with_floats_ = false;
  plain_ = new_buffer(static_cast<std::size_t>(graph_.input().size()));
  const int layers = static_cast<int>(graph_.layers().size());
  for (int i = 1; i < layers; ++i) {
    if (!maps_[static_cast<std::size_t>(i)] && !graph_.layer(i).infer_picture(*this)) return false;
  }
  values_ = nullptr;
  if (!ends_with_floats_) add_float_output(value(layers - 1));
  return true;
}

/// Has the last map put out as the layer declares it, in the order channels, height, width.
void PictureNetwork::add_float_output(const PictureMap& last) {
  add([last, channels = last_channels(last)](PictureWorkspace& workspace) {
    auto to = workspace.out.begin();
    for (int c = 0; c < channels; ++c) {
      for (int y = 0; y < last.height; ++y) {
        const Bf16* from = workspace.of(last) + last.at(y, 0) + c;
        for (int x = 0; x < last.width; ++x, from += last.channels) *to++ = to_float(*from);
      }
    }
  });
}

int PictureNetwork::last_channels(const PictureMap& last) const {
  return static_cast<int>(graph_.output().size()) / (last.height * last.width);
}

int PictureNetwork::new_buffer(std::size_t size) {
  buffer_sizes_.push_back(size);
  return static_cast<int>(buffer_sizes_.size()) - 1;
}

PictureMap PictureNetwork::new_map(const Shape& shape) {
  PictureMap map;
  map.channels = padded_channels(shape.channels);
  map.height = shape.height;
  map.width = shape.width;
  map.border = shape.flat ? 0 : border_;
  map.buffer = new_buffer(map.size());
  return map;
}

PictureMap PictureNetwork::new_map_like(const PictureMap& map) {
  PictureMap other = map;
  other.buffer = new_buffer(map.size());
  return other;
}

const PictureMap& PictureNetwork::value(int layer) {
  auto& map = maps_[static_cast<std::size_t>(layer)];
  if (!map) {
    // The input, for layers other than convolutions.
    map = new_map(graph_.input());
    const auto channels = static_cast<std::size_t>(graph_.input().channels);
    add([this, to = *map, channels](PictureWorkspace& workspace) {
      const Bf16* from = workspace.of(plain_);
      for (std::size_t c = 0; c < channels; ++c) {
        for (int y = 0; y < to.height; ++y) {
          Bf16* row = workspace.of(to) + to.at(y, 0) + c;
          for (int x = 0; x < to.width; ++x, row += to.channels) *row = *from++;
        }
      }
    });
  }
  return *map;
}

PictureMap PictureNetwork::flat_input() {
  const auto size = static_cast<std::size_t>(graph_.input().size());
  const PictureMap map = new_map({static_cast<int>(size), 1, 1, true});
  add([this, map, size](PictureWorkspace& workspace) {
    std::memcpy(workspace.of(map), workspace.of(plain_), size * sizeof(Bf16));
  });
  return map;
}

PictureWorkspace PictureNetwork::workspace() const {
  PictureWorkspace workspace;
  for (const std::size_t size : buffer_sizes_) {
    const std::size_t bytes = (size + kSlack) * sizeof(Bf16);
    auto* data = static_cast<Bf16*>(::operator new(bytes, kAlignment));
    std::memset(data, 0, bytes);
    workspace.buffers_.emplace_back(data);
  }
  workspace.out.resize(
      static_cast<std::size_t>(padded_channels(static_cast<int>(graph_.output().size()))));
  return workspace;
}

PictureMap PictureNetwork::product(int layer, const PictureMap& source, const Shape& target,
                                   const SlidingWindow& window, std::span<const float> weights,
                                   PictureTail tail) {
  PictureProduct p;
  const auto of_one = static_cast<std::size_t>(target.channels * taps_of(window));
  const int in_channels = static_cast<int>(weights.size() / of_one);
  const WeightsShape shape{taps_of(window), source.channels, padded_channels(target.channels)};
  const std::vector<float> tiles = to_tiles(weights, target.channels, in_channels, shape);
  p.weights.resize(shape.size());
  pack_forward(shape, tiles.data(), p.weights.data());
  p.source = source;
  p.stride = window.stride;
  p.first = static_cast<std::size_t>(source.border - window.pad.height) * source.row() +
            static_cast<std::size_t>((source.border - window.pad.width) * source.channels);
  p.depth = std::min(source.channels, kDepth);
  p.pieces = source.channels / p.depth;
  const auto of_tap = static_cast<std::size_t>(shape.in) * static_cast<std::size_t>(shape.out);
  for (int tap = 0; tap < taps_of(window); ++tap) {
    const auto y = static_cast<std::size_t>(tap / window.kernel.width);
    const auto x = static_cast<std::size_t>(tap % window.kernel.width * source.channels);
    p.taps.push_back({static_cast<std::uint32_t>(y * source.row() + x),
                      static_cast<std::uint32_t>(static_cast<std::size_t>(tap) * of_tap)});
  }
  return add_product(std::move(p), layer, target, std::move(tail));
}

PictureMap PictureNetwork::input_product(int layer, const Shape& target,
                                         const SlidingWindow& window,
                                         std::span<const float> weights, PictureTail tail) {
  const Shape& input = graph_.input();
  PictureProduct p;
  const PictureWeights shape{input.channels, window.kernel, padded_channels(target.channels)};
  // Declared [out, rows], kept as one tap of `rows` channels.
  const WeightsShape kept{1, shape.padded_rows(), shape.out};
  const std::vector<float> tiles = to_tiles(weights, target.channels, shape.rows(), kept);
  p.weights.resize(shape.packed_size());
  pack_pictures(shape, tiles.data(), p.weights.data());
  p.source.channels = input.channels;
  p.source.height = input.height + 2 * window.pad.height;
  p.source.width = input.width + 2 * window.pad.width;
  p.source.buffer = new_buffer(p.source.size());
  p.stride = window.stride;
  p.depth = shape.depth();
  for (int y = 0; y < window.kernel.height; ++y) {
    p.taps.push_back({static_cast<std::uint32_t>(static_cast<std::size_t>(y) * p.source.row()),
                      static_cast<std::uint32_t>(y * shape.depth() * shape.out)});
  }
  add([this, to = p.source, input, pad = window.pad](PictureWorkspace& workspace) {
    const auto width = static_cast<std::size_t>(input.width);
    const auto channels = static_cast<std::size_t>(input.channels);
    for (int y = 0; y < input.height; ++y) {
      const Bf16* from = workspace.of(plain_) + static_cast<std::size_t>(y) * width;
      Bf16* row = workspace.of(to) + to.at(y + pad.height, pad.width);
      if (channels == 1) {
        std::memcpy(row, from, width * sizeof(Bf16));
        continue;
      }
      const std::size_t plane = static_cast<std::size_t>(input.height) * width;
      for (std::size_t c = 0; c < channels; ++c) {
        for (std::size_t x = 0; x < width; ++x) row[x * channels + c] = from[c * plane + x];
      }
    }
  });
  return add_product(std::move(p), layer, target, std::move(tail));
}

PictureMap PictureNetwork::add_product(PictureProduct product, int layer, const Shape& target,
                                       PictureTail tail) {
  const Extent positions = looked_at(target, tail.pooled);
  product.height = positions.height;
  product.width = positions.width;
  Shape out = target;
  if (tail.pooled) {
    out.height /= 2;
    out.width /= 2;
  }
  tail.scale.resize(static_cast<std::size_t>(padded_channels(target.channels)));
  tail.shift.resize(tail.scale.size());
  product.tail = std::move(tail);
  product.out = new_map(out);
  product.to_floats = target.flat && layer + 1 == static_cast<int>(graph_.layers().size());
  ends_with_floats_ = ends_with_floats_ || product.to_floats;
  const PictureMap map = product.out;
  add([product = std::move(product)](PictureWorkspace& workspace) { product.run(workspace); });
  return map;
}

void PictureNetwork::run_one(std::span<float> out, PictureWorkspace& workspace) const {
  for (const auto& operation : operations_) operation(workspace);
  std::copy_n(workspace.out.begin(), out.size(), out.begin());
}

void PictureNetwork::run(const InputScaling& scaling, std::span<const std::uint8_t> pictures,
                         std::span<float> out, PictureWorkspace& workspace) const {
  const auto picture = static_cast<std::size_t>(graph_.input().size());
  const auto values = static_cast<std::size_t>(graph_.output().size());
  for (std::size_t i = 0; i * picture < pictures.size(); ++i) {
    scale_input(pictures.data() + i * picture, 1, graph_.input(), scaling.scale, scaling.shift,
                DataType::bf16, workspace.of(plain_));
    run_one(out.subspan(i * values, values), workspace);
  }
}

void PictureNetwork::run(std::span<const float> input, std::span<float> out,
                         PictureWorkspace& workspace) const {
  const auto picture = static_cast<std::size_t>(graph_.input().size());
  const auto values = static_cast<std::size_t>(graph_.output().size());
  for (std::size_t i = 0; i * picture < input.size(); ++i) {
    convert(input.data() + i * picture, picture, DataType::bf16, workspace.of(plain_));
    run_one(out.subspan(i * values, values), workspace);
  }
}

}  // namespace thimble::nn::amx
