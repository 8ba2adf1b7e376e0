// Weights from the form in which they are updated to the tiles that products take.

#include "base/parallel.hpp"
#include "nn/engine/amx/product.hpp"
#include "nn/engine/amx/target.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace thimble::nn::amx {
namespace {

constexpr std::size_t kTile = 256;

std::size_t groups_of(int channels) { return static_cast<std::size_t>(channels) / kTileRows; }

}  // namespace

THIMBLE_AMX_BEGIN

namespace {
#include "nn/engine/amx/tiles.hpp"

/// [16 in][16 out] to [8 pairs of in][16 out][2].
inline void pack_pairs_of_rows(const float* tile, Bf16* packed) {
  alignas(64) static constexpr std::uint16_t kInterleave[32] = {
      0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
      8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const __m512i order = _mm512_load_si512(kInterleave);
  for (int pair = 0; pair < 8; ++pair, tile += 2 * kTileRows, packed += 2 * kTileRows) {
    const __m512bh both =
        _mm512_cvtne2ps_pbh(_mm512_loadu_ps(tile + kTileRows), _mm512_loadu_ps(tile));
    __m512i bits;
    std::memcpy(&bits, &both, sizeof(bits));
    _mm512_storeu_si512(packed, _mm512_permutexvar_epi16(order, bits));
  }
}

/// [16 in][16 out] to [8 pairs of out][16 in][2].
inline void pack_pairs_of_columns(const float* tile, Bf16* packed) {
  alignas(64) Bf16 rows[kTileRows][kTileRows];
  for (int in = 0; in < kTileRows; ++in) {
    store_bf16(rows[in], _mm512_loadu_ps(tile + in * kTileRows));
  }
  const __m512i row =
      _mm512_set_epi32(120, 112, 104, 96, 88, 80, 72, 64, 56, 48, 40, 32, 24, 16, 8, 0);
  for (int pair = 0; pair < 8; ++pair) {
    _mm512_storeu_si512(packed + pair * 2 * kTileRows,
                        _mm512_i32gather_epi32(row, &rows[0][2 * pair], 4));
  }
}

}  // namespace

THIMBLE_AMX_END

void pack_forward(const WeightsShape& shape, const float* weights, Bf16* packed) {
  const std::size_t ins = groups_of(shape.in);
  const std::size_t outs = groups_of(shape.out);
  // A piece of the depth is two groups of the input, or the only one.
  const std::size_t joined = std::min<std::size_t>(ins, 2);
  const std::size_t rows = static_cast<std::size_t>(shape.taps) * ins;
  parallel_for(rows, 16, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      Bf16* piece = packed + row / joined * joined * outs * kTile;
      for (std::size_t out = 0; out < outs; ++out) {
        pack_pairs_of_rows(weights + (row * outs + out) * kTile,
                           piece + (out * joined + row % joined) * kTile);
      }
    }
  });
}

void pack_backward(const WeightsShape& shape, const float* weights, Bf16* packed) {
  const std::size_t ins = groups_of(shape.in);
  const std::size_t outs = groups_of(shape.out);
  const std::size_t joined = std::min<std::size_t>(outs, 2);
  parallel_for(static_cast<std::size_t>(shape.taps), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t tap = begin; tap < end; ++tap) {
      for (std::size_t in = 0; in < ins; ++in) {
        for (std::size_t out = 0; out < outs; ++out) {
          const std::size_t piece = (tap * outs + out / joined * joined) * ins * kTile;
          pack_pairs_of_columns(weights + ((tap * ins + in) * outs + out) * kTile,
                                packed + piece + (in * joined + out % joined) * kTile);
        }
      }
    }
  });
}

void pack_pictures(const PictureWeights& shape, const float* weights, Bf16* packed) {
  const std::size_t outs = groups_of(shape.out);
  const auto depth = static_cast<std::size_t>(shape.depth());
  std::fill_n(packed, shape.packed_size(), Bf16{0});
  for (int row = 0; row < shape.rows(); ++row) {
    const int x = row % shape.kernel.width;
    const int y = row / shape.kernel.width % shape.kernel.height;
    const int channel = row / (shape.kernel.width * shape.kernel.height);
    const auto k = static_cast<std::size_t>(x * shape.channels + channel);
    for (std::size_t out = 0; out < outs; ++out) {
      const float* from = weights +
                          (static_cast<std::size_t>(row / kTileRows) * outs + out) * kTile +
                          row % kTileRows * kTileRows;
      Bf16* to = packed + (static_cast<std::size_t>(y) * outs + out) * depth * kTileRows +
                 k / 2 * 2 * kTileRows + k % 2;
      for (int o = 0; o < kTileRows; ++o) {
        std::uint32_t bits;
        std::memcpy(&bits, from + o, sizeof(bits));
        to[2 * o] = static_cast<Bf16>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
      }
    }
  }
}

}  // namespace thimble::nn::amx

#endif
