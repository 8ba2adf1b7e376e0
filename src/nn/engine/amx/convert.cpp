#include "nn/engine/amx/convert.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/parallel.hpp"
#include "base/simd.hpp"

namespace thimble::nn::amx {
namespace {

/// Calls `body(row, maps)` with where each picture's values of a position begin in both.
template <class Body>
void each_row(const Maps& maps, int channels, const Body& body) {
  const std::size_t positions = maps.positions();
  const auto pictures = static_cast<std::size_t>(maps.batch);
  parallel_for(pictures, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t picture = begin; picture < end; ++picture) {
      const std::size_t first = picture / kBlock * maps.block_size() +
                                picture % kBlock * static_cast<std::size_t>(maps.channels);
      for (std::size_t p = 0; p < positions; ++p) {
        body((picture * positions + p) * static_cast<std::size_t>(channels),
             first + p * maps.position_size());
      }
    }
  });
}

/// A number that is larger as a signed integer where the bf16 is larger.
inline std::int16_t in_order(Bf16 value) {
  const auto bits = static_cast<std::int16_t>(value);
  return static_cast<std::int16_t>(bits ^ ((bits >> 15) & 0x7FFF));
}

THIMBLE_SIMD_CLONES
void take_larger(const Bf16* in, std::uint16_t position, std::size_t n, Bf16* __restrict best,
                 std::uint16_t* __restrict winner) {
  for (std::size_t i = 0; i < n; ++i) {
    const auto larger = static_cast<std::uint16_t>(-(in_order(in[i]) > in_order(best[i])));
    best[i] = static_cast<Bf16>((in[i] & larger) | (best[i] & ~larger));
    winner[i] = static_cast<std::uint16_t>((position & larger) | (winner[i] & ~larger));
  }
}

THIMBLE_SIMD_CLONES
void take_larger(const Bf16* in, std::size_t n, Bf16* __restrict best) {
  for (std::size_t i = 0; i < n; ++i)
    best[i] = in_order(in[i]) > in_order(best[i]) ? in[i] : best[i];
}

THIMBLE_SIMD_CLONES
void add_to(const Bf16* in, std::size_t n, float* sums) {
  for (std::size_t i = 0; i < n; ++i) sums[i] += from_bf16(in[i]);
}

THIMBLE_SIMD_CLONES
void give_to_winner(const Bf16* gradient, const std::uint16_t* winner, std::uint16_t position,
                    std::size_t n, Bf16* __restrict out) {
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = static_cast<Bf16>(gradient[i] & -(winner[i] == position));
  }
}

}  // namespace

Desc maps_desc(const Maps& maps, DataType type) {
  return plain_desc({static_cast<dnnl::memory::dim>(maps.blocks()), maps.height, maps.width, kBlock,
                     maps.channels},
                    type);
}

bool is_maps(const Desc& desc) {
  const Dims dims = desc.dims();
  return dims.size() == 5 && dims[3] == kBlock;
}

Maps maps_of(const Desc& desc, int batch) {
  const Dims dims = desc.dims();
  return {batch, static_cast<int>(dims[4]), static_cast<int>(dims[1]), static_cast<int>(dims[2])};
}

Desc weights_desc(const Dims& declared, int padded_out, int padded_in) {
  dnnl_memory_desc_t desc = plain_desc(declared, DataType::f32).data;
  desc.padded_dims[0] = padded_out;
  desc.padded_dims[1] = padded_in;
  auto& blocking = desc.format_desc.blocking;
  constexpr dnnl_dim_t kTile = kTileRows * kTileRows;
  const dnnl_dim_t outs = padded_out / kTileRows;
  const dnnl_dim_t ins = padded_in / kTileRows;
  blocking.strides[0] = kTile;
  blocking.strides[1] = kTile * outs;
  dnnl_dim_t tap = kTile * outs * ins;
  for (int d = desc.ndims - 1; d >= 2; --d) {
    blocking.strides[d] = tap;
    tap *= desc.dims[d];
  }
  blocking.inner_nblks = 2;
  blocking.inner_blks[0] = blocking.inner_blks[1] = kTileRows;
  blocking.inner_idxs[0] = 1;
  blocking.inner_idxs[1] = 0;
  return Desc(desc);
}

void rows_to_maps(const Bf16* rows, int channels, const Maps& maps, Bf16* out) {
  // Pictures that fill a block and channels that fill a tile stay zero.
  if (maps.batch % kBlock != 0 || channels != maps.channels) {
    std::fill_n(out, maps.size(), Bf16{0});
  }
  each_row(maps, channels, [&](std::size_t row, std::size_t at) {
    std::memcpy(out + at, rows + row, static_cast<std::size_t>(channels) * sizeof(Bf16));
  });
}

void maps_to_rows(const Bf16* in, const Maps& maps, int channels, Bf16* rows) {
  each_row(maps, channels, [&](std::size_t row, std::size_t at) {
    std::memcpy(rows + row, in + at, static_cast<std::size_t>(channels) * sizeof(Bf16));
  });
}

void pad_pictures(const Bf16* in, int batch, const Shape& shape, const Extent& pad, Bf16* out) {
  const auto channels = static_cast<std::size_t>(shape.channels);
  const auto width = static_cast<std::size_t>(shape.width);
  const auto height = static_cast<std::size_t>(shape.height);
  const auto pad_y = static_cast<std::size_t>(pad.height);
  const auto pad_x = static_cast<std::size_t>(pad.width);
  const std::size_t row = (width + 2 * pad_x) * channels;
  const std::size_t picture = row * (height + 2 * pad_y);
  parallel_for(static_cast<std::size_t>(batch), 8, [&](std::size_t begin, std::size_t end) {
    for (std::size_t b = begin; b < end; ++b) {
      for (std::size_t y = 0; y < height; ++y) {
        Bf16* to = out + b * picture + (y + pad_y) * row + pad_x * channels;
        for (std::size_t c = 0; c < channels; ++c) {
          const Bf16* from = in + ((b * channels + c) * height + y) * width;
          if (channels == 1) {
            std::memcpy(to, from, width * sizeof(Bf16));
          } else {
            for (std::size_t x = 0; x < width; ++x) to[x * channels + c] = from[x];
          }
        }
      }
    }
  });
}

void global_pool_forward(const Maps& maps, bool largest, const Bf16* in, Bf16* out,
                         std::uint16_t* winner) {
  const std::size_t n = maps.position_size();
  parallel_for(maps.blocks(), 1, [&](std::size_t begin, std::size_t end) {
    std::vector<float> sums(largest ? 0 : n);
    for (std::size_t block = begin; block < end; ++block) {
      const Bf16* from = in + block * maps.block_size();
      Bf16* to = out + block * n;
      if (largest) {
        std::copy_n(from, n, to);
        if (!winner) {
          for (std::size_t p = 1; p < maps.positions(); ++p) take_larger(from + p * n, n, to);
          continue;
        }
        std::fill_n(winner + block * n, n, std::uint16_t{0});
        for (std::size_t p = 1; p < maps.positions(); ++p) {
          take_larger(from + p * n, static_cast<std::uint16_t>(p), n, to, winner + block * n);
        }
        continue;
      }
      std::ranges::fill(sums, 0.0f);
      for (std::size_t p = 0; p < maps.positions(); ++p) add_to(from + p * n, n, sums.data());
      const float share = 1.0f / static_cast<float>(maps.positions());
      for (std::size_t i = 0; i < n; ++i) to[i] = to_bf16(sums[i] * share);
    }
  });
}

void global_pool_backward(const Maps& maps, bool largest, const Bf16* gradient,
                          const std::uint16_t* winner, Bf16* out) {
  const std::size_t n = maps.position_size();
  parallel_for(maps.blocks(), 1, [&](std::size_t begin, std::size_t end) {
    std::vector<Bf16> shares(largest ? 0 : n);
    const float share = 1.0f / static_cast<float>(maps.positions());
    for (std::size_t block = begin; block < end; ++block) {
      const Bf16* from = gradient + block * n;
      for (std::size_t i = 0; i < shares.size(); ++i)
        shares[i] = to_bf16(from_bf16(from[i]) * share);
      for (std::size_t p = 0; p < maps.positions(); ++p) {
        Bf16* to = out + block * maps.block_size() + p * n;
        if (largest) {
          give_to_winner(from, winner + block * n, static_cast<std::uint16_t>(p), n, to);
        } else {
          std::ranges::copy(shares, to);
        }
      }
    }
  });
}

}  // namespace thimble::nn::amx
