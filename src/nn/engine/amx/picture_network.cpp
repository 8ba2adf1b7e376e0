#include "nn/engine/amx/picture_network.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "nn/engine/amx/convert.hpp"
#include "nn/engine/amx/picture_product.hpp"
#include "nn/engine/kernel_choice.hpp"
#include "nn/engine/kernels.hpp"

namespace thimble::nn::amx {
namespace {

constexpr std::align_val_t kAlignment{64};
// A tile's row may be read beyond the last value.
constexpr std::size_t kSlack = 64;

/// [out, in / groups, taps] as declared, to the form of WeightsShape, zeros between the groups.
std::vector<float> to_tiles(std::span<const float> declared, int groups, int outs,
                            const WeightsShape& shape) {
  std::vector<float> tiles(shape.size());
  const auto taps = static_cast<std::size_t>(shape.taps);
  const auto out_tiles = static_cast<std::size_t>(shape.out) / kTileRows;
  const auto in_tiles = static_cast<std::size_t>(shape.in) / kTileRows;
  const auto out_count = static_cast<std::size_t>(outs);
  const auto ins_of_group = declared.size() / (out_count * taps);
  const auto outs_of_group = out_count / static_cast<std::size_t>(groups);
  for (std::size_t o = 0; o < out_count; ++o) {
    for (std::size_t i = 0; i < ins_of_group; ++i) {
      const std::size_t in = o / outs_of_group * ins_of_group + i;
      for (std::size_t tap = 0; tap < taps; ++tap) {
        const std::size_t tile = (tap * in_tiles + in / kTileRows) * out_tiles + o / kTileRows;
        tiles[(tile * kTileRows + in % kTileRows) * kTileRows + o % kTileRows] =
            declared[(o * ins_of_group + i) * taps + tap];
      }
    }
  }
  return tiles;
}

/// How many groups of a convolution are taken together as one product, so that its channels fill
/// tiles: the fewest, or all, whose channels may be padded.
/// @param ins, outs  channels of a group
int groups_together(int groups, int ins, int outs) {
  for (int some = 1; some < groups; ++some) {
    if (groups % some == 0 && some * ins % kTileRows == 0 && some * outs % kTileRows == 0) {
      return some;
    }
  }
  return groups;
}

/// A product of all or some channels of a map.
/// @param tiles  the weights, in the form of WeightsShape
PictureProduct product_of(const PictureMap& source, const SlidingWindow& window,
                          const WeightsShape& shape, const std::vector<float>& tiles) {
  PictureProduct p;
  p.source = source;
  p.channels = shape.out;
  p.stride = window.stride;
  p.first = source.at(-window.pad.height, -window.pad.width);
  // Channels that do not come in 32 are taken 16 at a time, as so many more taps.
  p.depth = shape.in % kDepth == 0 ? kDepth : kTileRows;
  p.pieces = p.depth == kDepth ? shape.in / kDepth : 1;
  const int steps = p.depth == kDepth ? 1 : shape.in / kTileRows;
  const WeightsShape packed{shape.taps * steps, shape.in / steps, shape.out};
  p.weights.resize(packed.size());
  pack_forward(packed, tiles.data(), p.weights.data());
  const std::size_t of_tap = packed.size() / static_cast<std::size_t>(packed.taps);
  for (int y = 0; y < window.kernel.height; ++y) {
    for (int x = 0; x < window.kernel.width; ++x) {
      for (int step = 0; step < steps; ++step) {
        const auto at = static_cast<std::size_t>(y) * source.row() +
                        static_cast<std::size_t>(x * source.channels + step * kTileRows);
        p.taps.push_back(
            {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(p.taps.size() * of_tap)});
      }
    }
  }
  return p;
}

/// The positions of a product that pooling looks at.
Extent looked_at(const Shape& target, bool pooled) {
  if (!pooled) return {target.height, target.width};
  return {target.height / 2 * 2, target.width / 2 * 2};
}

/// The same map of 32 pictures.
Maps of_block(const PictureMap& map) { return {kBlock, map.channels, map.height, map.width}; }

/// The positions of a product of 32 pictures.
Maps block_target(const Shape& target, const PictureTail& tail) {
  Maps maps = Maps::of(target, kBlock);
  const Extent positions = looked_at(target, tail.pooled);
  maps.height = positions.height;
  maps.width = positions.width;
  return maps;
}

// Pictures from which on a block takes less time than one after another.
constexpr std::size_t kWorthABlock = 20;

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
  block_sizes_.clear();
  operations_.clear();
  block_operations_.clear();
  takes_blocks_ = kernel_choice().blocks_of_pictures;
  ends_with_floats_ = false;
  const auto picture = static_cast<std::size_t>(graph_.input().size());
  plain_ = new_buffer(picture, kBlock * picture);
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
        for (int x = 0; x < last.width; ++x, from += last.channels) *to++ = from_bf16(*from);
      }
    }
  });
}

int PictureNetwork::last_channels(const PictureMap& last) const {
  return static_cast<int>(graph_.output().size()) / (last.height * last.width);
}

int PictureNetwork::new_buffer(std::size_t size, std::size_t block_size) {
  buffer_sizes_.push_back(size);
  block_sizes_.push_back(block_size);
  return static_cast<int>(buffer_sizes_.size()) - 1;
}

PictureMap PictureNetwork::new_map(const Shape& shape) {
  PictureMap map;
  map.channels = padded_channels(shape.channels);
  map.height = shape.height;
  map.width = shape.width;
  map.border = shape.flat ? 0 : border_;
  map.buffer = new_buffer(map.size(), of_block(map).size());
  return map;
}

PictureMap PictureNetwork::new_map_like(const PictureMap& map) {
  PictureMap other = map;
  other.buffer = new_buffer(map.size(), of_block(map).size());
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
  add(
      [this, map, size](PictureWorkspace& workspace) {
        std::memcpy(workspace.of(map), workspace.of(plain_), size * sizeof(Bf16));
      },
      [this, map, size](PictureWorkspace& workspace) {
        rows_to_maps(workspace.block(plain_), static_cast<int>(size), of_block(map),
                     workspace.block(map));
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
                                   const SlidingWindow& window, int groups,
                                   std::span<const float> weights, PictureTail tail) {
  const int taps = taps_of(window);
  const int outs = target.channels / groups;
  const int ins = static_cast<int>(weights.size()) / (target.channels * taps);
  const int together = groups_together(groups, ins, outs);
  const WeightsShape shape =
      together == groups ? WeightsShape{taps, source.channels, padded_channels(target.channels)}
                         : WeightsShape{taps, together * ins, together * outs};
  const auto count = static_cast<std::size_t>(groups / together);
  const std::size_t size = weights.size() / count;
  std::vector<PictureProduct> products;
  for (std::size_t i = 0; i < count; ++i) {
    const auto tiles = to_tiles(weights.subspan(i * size, size), together, together * outs, shape);
    PictureProduct& p = products.emplace_back(product_of(source, window, shape, tiles));
    p.first += i * static_cast<std::size_t>(shape.in);
    p.first_channel = i * static_cast<std::size_t>(shape.out);
  }
  std::shared_ptr<const Product> block;
  if (count == 1) {
    block = std::make_shared<Product>(
        Product::forward(of_block(source), block_target(target, tail), window, tail.pooled));
  }
  return add_products(std::move(products), layer, target, std::move(tail), std::move(block));
}

PictureMap PictureNetwork::input_product(int layer, const Shape& target,
                                         const SlidingWindow& window,
                                         std::span<const float> weights, PictureTail tail) {
  const Shape& input = graph_.input();
  std::vector<PictureProduct> products(1);
  PictureProduct& p = products.front();
  const PictureWeights shape{input.channels, window.kernel, padded_channels(target.channels)};
  // Declared [out, rows], kept as one tap of `rows` channels.
  const WeightsShape kept{1, shape.padded_rows(), shape.out};
  const std::vector<float> tiles = to_tiles(weights, 1, target.channels, kept);
  p.weights.resize(shape.packed_size());
  pack_pictures(shape, tiles.data(), p.weights.data());
  p.source.channels = input.channels;
  p.source.height = input.height + 2 * window.pad.height;
  p.source.width = input.width + 2 * window.pad.width;
  p.source.buffer = new_buffer(p.source.size(), kBlock * p.source.size() + kDepth);
  p.stride = window.stride;
  p.channels = shape.out;
  p.depth = shape.depth();
  for (int y = 0; y < window.kernel.height; ++y) {
    p.taps.push_back({static_cast<std::uint32_t>(static_cast<std::size_t>(y) * p.source.row()),
                      static_cast<std::uint32_t>(y * shape.depth() * shape.out)});
  }
  add(
      [this, to = p.source, input, pad = window.pad](PictureWorkspace& workspace) {
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
      },
      [this, to = p.source, input, pad = window.pad](PictureWorkspace& workspace) {
        pad_pictures(workspace.block(plain_), kBlock, input, pad, workspace.block(to));
      });
  auto block = std::make_shared<Product>(
      Product::pictures(input, block_target(target, tail), window, tail.pooled));
  return add_products(std::move(products), layer, target, std::move(tail), std::move(block));
}

PictureMap PictureNetwork::add_products(std::vector<PictureProduct> products, int layer,
                                        const Shape& target, PictureTail tail,
                                        std::shared_ptr<const Product> of_block) {
  const Extent positions = looked_at(target, tail.pooled);
  Shape pooled = target;
  if (tail.pooled) {
    pooled.height /= 2;
    pooled.width /= 2;
  }
  tail.scale.resize(static_cast<std::size_t>(padded_channels(target.channels)));
  tail.shift.resize(tail.scale.size());
  const PictureMap out = new_map(pooled);
  const bool to_floats = target.flat && layer + 1 == static_cast<int>(graph_.layers().size());
  ends_with_floats_ = ends_with_floats_ || to_floats;
  for (PictureProduct& product : products) {
    product.height = positions.height;
    product.width = positions.width;
    product.tail = tail;
    product.out = out;
    product.to_floats = to_floats;
  }
  const auto shared = std::make_shared<const std::vector<PictureProduct>>(std::move(products));
  Operation block;
  if (of_block) {
    block = [shared, of_block, outputs = target.channels](PictureWorkspace& workspace) {
      shared->front().run_block(*of_block, outputs, workspace);
    };
  }
  add(
      [shared](PictureWorkspace& workspace) {
        for (const PictureProduct& product : *shared) product.run(workspace);
      },
      std::move(block));
  return out;
}

void PictureNetwork::take_blocks(PictureWorkspace& workspace) const {
  if (!workspace.blocks_.empty()) return;
  for (const std::size_t size : block_sizes_) workspace.blocks_.emplace_back(size * sizeof(Bf16));
  workspace.block_out.resize(static_cast<std::size_t>(kBlock * graph_.output().size()));
}

/// Runs pictures, those of a block together.
/// @param fill  puts the scaled values of `count` pictures from the `first` on where they go in
template <class Fill>
void PictureNetwork::run_all(std::size_t pictures, std::span<float> out,
                             PictureWorkspace& workspace, const Fill& fill) const {
  const auto values = static_cast<std::size_t>(graph_.output().size());
  for (std::size_t first = 0; first < pictures;) {
    const std::size_t left = pictures - first;
    const bool together = takes_blocks_ && left >= kWorthABlock;
    const std::size_t count = together ? std::min<std::size_t>(left, kBlock) : 1;
    if (together) take_blocks(workspace);
    fill(first, count, together ? workspace.block(plain_) : workspace.of(plain_));
    for (const auto& operation : together ? block_operations_ : operations_) operation(workspace);
    const auto& result = together ? workspace.block_out : workspace.out;
    std::copy_n(result.begin(), count * values,
                out.begin() + static_cast<std::ptrdiff_t>(first * values));
    first += count;
  }
}

void PictureNetwork::run(const InputScaling& scaling, std::span<const std::uint8_t> pictures,
                         std::span<float> out, PictureWorkspace& workspace) const {
  const auto picture = static_cast<std::size_t>(graph_.input().size());
  run_all(pictures.size() / picture, out, workspace,
          [&](std::size_t first, std::size_t count, Bf16* to) {
            scale_input(pictures.data() + first * picture, static_cast<int>(count), graph_.input(),
                        scaling.scale, scaling.shift, DataType::bf16, to);
          });
}

void PictureNetwork::run(std::span<const float> input, std::span<float> out,
                         PictureWorkspace& workspace) const {
  const auto picture = static_cast<std::size_t>(graph_.input().size());
  run_all(input.size() / picture, out, workspace,
          [&](std::size_t first, std::size_t count, Bf16* to) {
            convert(input.data() + first * picture, count * picture, DataType::bf16, to);
          });
}

}  // namespace thimble::nn::amx
