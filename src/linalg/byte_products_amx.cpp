// tdpbuud multiplies a tile of 16 queries by 64 unsigned bytes with one of 64 unsigned bytes by 16
// rows and adds the products to 16 x 16 sums of 32 bits. The rows' tiles of
// byte_products_kernels.hpp are two such operands side by side.

#include <algorithm>
#include <atomic>
#include <cstring>

#include "base/isa.hpp"
#include "linalg/byte_products_kernels.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#define THIMBLE_AMX __attribute__((target("amx-tile,amx-int8")))

namespace thimble::linalg {
namespace {

// Two tiles of queries by two of rows: each loaded tile is multiplied twice.
constexpr std::size_t kEdge = 16;
constexpr std::size_t kGroup = 2 * kEdge;
constexpr std::size_t kRowBytes = 64;
constexpr std::size_t kTileBytes = kEdge * kRowBytes;
constexpr std::size_t kTileQuads = kRowBytes / kQuadBytes;

/// As ldtilecfg reads it: all eight tiles have 16 rows of 64 bytes.
struct alignas(64) TileShapes {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileShapes) == 64);

// Not a local variable: g++ 12 believes that _tile_loadconfig reads eight bytes, and leaves out
// what stores the others.
constinit const TileShapes kShapes;

THIMBLE_AMX void begin() { _tile_loadconfig(&kShapes); }
THIMBLE_AMX void end() { _tile_release(); }

/// As [64 bytes each][16 or 32 queries][64], with zeros where the bytes of a query or the queries
/// end.
void lay_out(const std::uint8_t* queries, std::size_t count, std::size_t d, std::uint8_t* to) {
  const std::size_t padded = (count + kEdge - 1) / kEdge * kEdge;
  const std::size_t whole = d / kRowBytes * kRowBytes;
  for (std::size_t j = 0; j < whole; j += kRowBytes) {
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(to + i * kRowBytes, queries + i * d + j, kRowBytes);
    }
    std::memset(to + count * kRowBytes, 0, (padded - count) * kRowBytes);
    to += padded * kRowBytes;
  }
  if (whole == d) return;
  std::memset(to, 0, padded * kRowBytes);
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(to + i * kRowBytes, queries + i * d + whole, d - whole);
  }
}

/// @tparam both  if there are two tiles of queries
template <bool both>
THIMBLE_AMX void multiply_tiles(const std::uint8_t* queries, const std::uint8_t* tile,
                                std::size_t quads, const TileSums& sums) {
  // Nor does g++ 12 know that tiles are loaded from memory.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  const std::size_t initial_bytes = sums.initial_stride * sizeof(std::uint32_t);
  const std::uint32_t* initial = sums.initial + kEdge * sums.initial_stride;
  _tile_loadd(0, sums.initial, initial_bytes);
  _tile_loadd(1, sums.initial + kEdge, initial_bytes);
  if constexpr (both) {
    _tile_loadd(2, initial, initial_bytes);
    _tile_loadd(3, initial + kEdge, initial_bytes);
  }
  for (std::size_t q = 0; q < quads; q += kTileQuads) {
    _tile_loadd(4, queries, kRowBytes);
    _tile_loadd(6, tile, kTileRows * kQuadBytes);
    _tile_loadd(7, tile + kRowBytes, kTileRows * kQuadBytes);
    _tile_dpbuud(0, 4, 6);
    _tile_dpbuud(1, 4, 7);
    queries += kTileBytes;
    tile += 2 * kTileBytes;
    if constexpr (both) {
      _tile_loadd(5, queries, kRowBytes);
      _tile_dpbuud(2, 5, 6);
      _tile_dpbuud(3, 5, 7);
      queries += kTileBytes;
    }
  }
  const std::size_t out_bytes = sums.stride * sizeof(std::uint32_t);
  std::uint32_t* out = sums.out + kEdge * sums.stride;
  _tile_stored(0, sums.out, out_bytes);
  _tile_stored(1, sums.out + kEdge, out_bytes);
  if constexpr (both) {
    _tile_stored(2, out, out_bytes);
    _tile_stored(3, out + kEdge, out_bytes);
  }
}

void multiply(const std::uint8_t* queries, std::size_t count, const std::uint8_t* tile,
              std::size_t quads, const TileSums& sums) {
  const auto multiply_all = count > kEdge ? multiply_tiles<true> : multiply_tiles<false>;
  if (count % kEdge == 0) return multiply_all(queries, tile, quads, sums);
  alignas(64) std::uint32_t whole[kGroup * kTileRows];
  for (std::size_t i = 0; i < count; ++i) {
    std::copy_n(sums.initial + i * sums.initial_stride, kTileRows, whole + i * kTileRows);
  }
  multiply_all(queries, tile, quads, {whole, kTileRows, whole, kTileRows});
  for (std::size_t i = 0; i < count; ++i) {
    std::copy_n(whole + i * kTileRows, kTileRows, sums.out + i * sums.stride);
  }
}

}  // namespace

const ByteKernel* amx_byte_kernel() {
  static constexpr ByteKernel kernel{.name = "amx",
                                     .group = kGroup,
                                     .query_bytes = kQuadBytes,
                                     .adds_offsets = false,
                                     .lay_out = lay_out,
                                     .multiply = multiply,
                                     .query_multiple = kEdge,
                                     .quad_multiple = kTileQuads,
                                     .begin = begin,
                                     .end = end};
  return has(Isa::amx) ? &kernel : nullptr;
}

}  // namespace thimble::linalg

#else

namespace thimble::linalg {
const ByteKernel* amx_byte_kernel() { return nullptr; }
}  // namespace thimble::linalg

#endif
