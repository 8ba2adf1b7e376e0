// Inner products of 8-bit vectors, exact, at four times the speed of float32.
//
// Pixels are 8-bit, so all inner products and squared distances between pictures are integers.
// Processors with AVX-512 VNNI multiply and add four bytes a lane and instruction, but unsigned by
// signed only: x . y = x . (y - 128) + 128 sum(x). Those with AMX multiply tiles of unsigned bytes.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace thimble::linalg {

/// Longest vectors whose inner products fit into 32 bits: 255 * 255 * 66051 < 2^32.
inline constexpr std::size_t kLongestByteVector = 66051;

/// Vectors laid out for byte_products().
class PackedBytes {
 public:
  PackedBytes() = default;
  /// @param rows  uint8 [n, d]
  /// @throws ShapeError  if rows.size() is not n * d, or d > kLongestByteVector
  PackedBytes(std::span<const std::uint8_t> rows, std::size_t n, std::size_t d);

  std::size_t size() const { return n_; }
  std::size_t dims() const { return d_; }
  /// Inner product of every packed row with itself, uint32 [n].
  std::span<const std::uint32_t> squared_norms() const { return squared_norms_; }

  /// @param to  uint8 [d]
  void copy_row(std::size_t index, std::span<std::uint8_t> to) const;

  /// What the kernels read, laid out as byte_products_kernels.hpp says: rows of 32 side by side.
  const std::uint8_t* tile(std::size_t index) const;
  /// 128 times the sum of each row's bytes, uint32 [n rounded up to whole tiles].
  std::span<const std::uint32_t> offsets() const { return offsets_; }

 private:
  struct alignas(64) CacheLine {
    std::array<std::uint8_t, 64> bytes;
  };

  std::size_t n_ = 0;
  std::size_t d_ = 0;
  std::vector<CacheLine> tiles_;
  std::vector<std::uint32_t> offsets_;
  std::vector<std::uint32_t> squared_norms_;
};

/// Inner products of `m` vectors with the packed rows [begin, end), on the calling thread. The
/// fastest kernel of this processor is chosen at run time; all give the same numbers.
///
/// @param queries  uint8 [m, rows.dims()]
/// @param begin    a multiple of kByteProductsPanel
/// @param end      at most rows.size()
/// @param out      uint32 [m, end - begin], row i begins at out + i * stride; written fastest where
///                 rows begin at multiples of 64 bytes
/// @throws ShapeError  if the sizes do not fit
void byte_products(std::span<const std::uint8_t> queries, std::size_t m, const PackedBytes& rows,
                   std::size_t begin, std::size_t end, std::uint32_t* out, std::size_t stride);

/// Rows are packed in panels of this many; ranges of rows begin at a panel's first.
inline constexpr std::size_t kByteProductsPanel = 64;

/// Inner product of each row with itself, uint32 [n].
std::vector<std::uint32_t> squared_norms(std::span<const std::uint8_t> rows, std::size_t d);

}  // namespace thimble::linalg
