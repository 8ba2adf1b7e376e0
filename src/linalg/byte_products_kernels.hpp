// The ways in which byte_products() multiplies, one for each instruction set; seen by it and by
// tests.
//
// Rows lie in tiles of 32, four dimensions (a quad) of each row side by side:
//
//     tile[quad][row of 32][4]       zeros where d is no multiple of 4 or rows end
//
// A kernel lays out up to `group` queries its own way and multiplies them with one tile, for any
// range of quads, adding to what the sums begin with.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "linalg/byte_products.hpp"

namespace thimble::linalg {

inline constexpr std::size_t kTileRows = 32;
inline constexpr std::size_t kQuadBytes = 4;
inline constexpr std::size_t kTileOverrun = 15 * kTileRows * kQuadBytes;

/// A kernel's sums: each query's with the 32 rows of a tile.
struct TileSums {
  const std::uint32_t* initial;  ///< uint32 [count, 32]; may be `out`
  std::size_t initial_stride;    ///< between queries; 0 if all begin with the same
  std::uint32_t* out;            ///< uint32 [count, 32]
  std::size_t stride;
};

struct ByteKernel {
  const char* name;
  std::size_t group;        ///< most queries at a time
  std::size_t query_bytes;  ///< bytes of a quad of one query as laid out
  /// If the sums must begin with PackedBytes::offsets(), else with 0.
  bool adds_offsets;
  /// Lays out `count` queries of `d` bytes as [quads, count, query_bytes].
  void (*lay_out)(const std::uint8_t* queries, std::size_t count, std::size_t d, std::uint8_t* to);
  /// @param queries  laid out
  void (*multiply)(const std::uint8_t* queries, std::size_t count, const std::uint8_t* tile,
                   std::size_t quads, const TileSums& sums);
  /// Queries are laid out as if they were a multiple of this, with zeros in place of the others,
  std::size_t query_multiple = 1;
  /// and so are quads; past the end of a tile up to kTileOverrun bytes are read, to be multiplied
  /// by those zeros.
  std::size_t quad_multiple = 1;
  /// Called by a thread before it multiplies, and after.
  void (*begin)() = nullptr;
  void (*end)() = nullptr;
};

/// Null where the processor lacks the instructions or THIMBLE_ISA forbids them.
const ByteKernel* portable_byte_kernel();
const ByteKernel* avx2_byte_kernel();
const ByteKernel* avx512_byte_kernel();
const ByteKernel* amx_byte_kernel();

/// byte_products() by a kernel of one's choice.
void byte_products_by(const ByteKernel& kernel, std::span<const std::uint8_t> queries,
                      std::size_t m, const PackedBytes& rows, std::size_t begin, std::size_t end,
                      std::uint32_t* out, std::size_t stride);

}  // namespace thimble::linalg
