#include "linalg/byte_products.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/aligned_array.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/simd.hpp"
#include "linalg/byte_products_kernels.hpp"

namespace thimble::linalg {
namespace {

// Queries laid out at a time: small enough for the second-level cache at common dimensions, large
// enough that reading the rows costs little beside multiplying. A multiple of every kernel's group.
constexpr std::size_t kQueryBlock = 192;
// Dimensions, by fours, multiplied at a time: this much of a tile (64 KiB) stays in the caches near
// the processor while one group of queries after another is multiplied with it.
constexpr std::size_t kQuadBlock = 512;

std::size_t quads_of(std::size_t d) { return (d + kQuadBytes - 1) / kQuadBytes; }

std::size_t round_up(std::size_t n, std::size_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

THIMBLE_SIMD_CLONES
std::uint32_t squared_norm(const std::uint8_t* row, std::size_t d) {
  std::uint32_t sum = 0;
  for (std::size_t j = 0; j < d; ++j) sum += std::uint32_t{row[j]} * row[j];
  return sum;
}

THIMBLE_SIMD_CLONES
std::uint32_t sum_of(const std::uint8_t* row, std::size_t d) {
  std::uint32_t sum = 0;
  for (std::size_t j = 0; j < d; ++j) sum += row[j];
  return sum;
}

void pack_tile(const std::uint8_t* rows, std::size_t count, std::size_t d, std::uint8_t* tile) {
  const std::size_t whole = d / kQuadBytes;
  for (std::size_t r = 0; r < count; ++r) {
    const std::uint8_t* row = rows + r * d;
    std::uint8_t* to = tile + r * kQuadBytes;
    for (std::size_t q = 0; q < whole; ++q) {
      std::memcpy(to + q * kTileRows * kQuadBytes, row + q * kQuadBytes, kQuadBytes);
    }
    for (std::size_t j = whole * kQuadBytes; j < d; ++j) {
      to[whole * kTileRows * kQuadBytes + j % kQuadBytes] = row[j];
    }
  }
}

void check_sizes(std::size_t bytes, std::size_t m, const PackedBytes& rows, std::size_t begin,
                 std::size_t end, std::size_t stride) {
  if (bytes != m * rows.dims()) {
    throw ShapeError(
        fmt::format("byte_products: {} bytes are not {} vectors of {}", bytes, m, rows.dims()));
  }
  if (begin % kByteProductsPanel != 0 || begin > end || end > rows.size()) {
    throw ShapeError(
        fmt::format("byte_products: rows {} to {} of {}, expected a range that begins "
                    "at a multiple of {}",
                    begin, end, rows.size(), kByteProductsPanel));
  }
  if (m > 1 && stride < end - begin) {
    throw ShapeError(fmt::format("byte_products: results of {} rows do not fit into a stride of {}",
                                 end - begin, stride));
  }
}

const ByteKernel& fastest_kernel() {
  static const ByteKernel& kernel = []() -> const ByteKernel& {
    if (const ByteKernel* amx = amx_byte_kernel()) return *amx;
    if (const ByteKernel* avx512 = avx512_byte_kernel()) return *avx512;
    if (const ByteKernel* avx2 = avx2_byte_kernel()) return *avx2;
    return *portable_byte_kernel();
  }();
  return kernel;
}

/// Some queries as a kernel wants them, in groups. One thread makes and uses it.
class QueryBlock {
 public:
  QueryBlock(const ByteKernel& kernel, std::size_t most, std::size_t d)
      : kernel_(kernel),
        d_(d),
        quads_(round_up(quads_of(d), kernel.quad_multiple)),
        bytes_(round_up(most, kernel.query_multiple) * query_bytes()) {
    if (kernel_.begin != nullptr) kernel_.begin();
  }
  ~QueryBlock() {
    if (kernel_.end != nullptr) kernel_.end();
  }
  QueryBlock(const QueryBlock&) = delete;
  QueryBlock& operator=(const QueryBlock&) = delete;

  void lay_out(const std::uint8_t* queries, std::size_t count) {
    count_ = count;
    for (std::size_t q = 0; q < count; q += kernel_.group) {
      kernel_.lay_out(queries + q * d_, std::min(kernel_.group, count - q), d_,
                      bytes_.data() + q * query_bytes());
    }
  }

  /// Products with one tile.
  /// @param initial  uint32 [32], what sums begin with
  void multiply(const std::uint8_t* tile, const std::uint32_t* initial, std::uint32_t* out,
                std::size_t stride) const {
    std::size_t done = 0;
    do {  // even without dimensions, for the initial sums
      const std::size_t now = std::min(kQuadBlock, quads_ - done);
      for (std::size_t q = 0; q < count_; q += kernel_.group) {
        const std::size_t group = std::min(kernel_.group, count_ - q);
        const std::size_t before = done * round_up(group, kernel_.query_multiple);
        std::uint32_t* sums = out + q * stride;
        kernel_.multiply(
            bytes_.data() + q * query_bytes() + before * kernel_.query_bytes, group,
            tile + done * kTileRows * kQuadBytes, now,
            done == 0 ? TileSums{initial, 0, sums, stride} : TileSums{sums, stride, sums, stride});
      }
      done += now;
    } while (done < quads_);
  }

 private:
  std::size_t query_bytes() const { return quads_ * kernel_.query_bytes; }

  const ByteKernel& kernel_;
  std::size_t d_;
  std::size_t quads_;
  std::size_t count_ = 0;
  AlignedArray<std::uint8_t> bytes_;
};

}  // namespace

PackedBytes::PackedBytes(std::span<const std::uint8_t> rows, std::size_t n, std::size_t d)
    : n_(n), d_(d) {
  if (d > kLongestByteVector) {
    throw ShapeError(fmt::format("byte_products: vectors of {} bytes, expected at most {}", d,
                                 kLongestByteVector));
  }
  if (rows.size() != n * d) {
    throw ShapeError(
        fmt::format("byte_products: {} bytes are not {} vectors of {}", rows.size(), n, d));
  }
  const std::size_t count = (n + kTileRows - 1) / kTileRows;
  const std::size_t tile_bytes = quads_of(d) * kTileRows * kQuadBytes;
  tiles_.resize((count * tile_bytes + kTileOverrun) / sizeof(CacheLine));
  offsets_.resize(count * kTileRows);
  squared_norms_.resize(n);
  auto* tiles = reinterpret_cast<std::uint8_t*>(tiles_.data());
  constexpr std::size_t kGrain = 16;
  parallel_for(count, kGrain, [&](std::size_t first, std::size_t last) {
    for (std::size_t t = first; t < last; ++t) {
      const std::size_t begin = t * kTileRows;
      const std::size_t end = std::min(begin + kTileRows, n);
      pack_tile(rows.data() + begin * d, end - begin, d, tiles + t * tile_bytes);
      for (std::size_t r = begin; r < end; ++r) {
        offsets_[r] = 128 * sum_of(rows.data() + r * d, d);
        squared_norms_[r] = squared_norm(rows.data() + r * d, d);
      }
    }
  });
}

void PackedBytes::copy_row(std::size_t index, std::span<std::uint8_t> to) const {
  const std::uint8_t* from = tile(index / kTileRows) + index % kTileRows * kQuadBytes;
  for (std::size_t j = 0; j < d_; ++j) {
    to[j] = from[j / kQuadBytes * kTileRows * kQuadBytes + j % kQuadBytes];
  }
}

const std::uint8_t* PackedBytes::tile(std::size_t index) const {
  return reinterpret_cast<const std::uint8_t*>(tiles_.data()) +
         index * quads_of(d_) * kTileRows * kQuadBytes;
}

void byte_products_by(const ByteKernel& kernel, std::span<const std::uint8_t> queries,
                      std::size_t m, const PackedBytes& rows, std::size_t begin, std::size_t end,
                      std::uint32_t* out, std::size_t stride) {
  check_sizes(queries.size(), m, rows, begin, end, stride);
  constexpr std::uint32_t kZeros[kTileRows] = {};
  QueryBlock block(kernel, std::min(kQueryBlock, m), rows.dims());
  std::vector<std::uint32_t> edge;
  for (std::size_t q = 0; q < m; q += kQueryBlock) {
    const std::size_t count = std::min(kQueryBlock, m - q);
    block.lay_out(queries.data() + q * rows.dims(), count);
    for (std::size_t r = begin; r < end; r += kTileRows) {
      const std::uint8_t* tile = rows.tile(r / kTileRows);
      const std::uint32_t* initial = kernel.adds_offsets ? rows.offsets().data() + r : kZeros;
      std::uint32_t* to = out + q * stride + (r - begin);
      if (r + kTileRows <= end) {
        block.multiply(tile, initial, to, stride);
        continue;
      }
      edge.resize(kQueryBlock * kTileRows);
      block.multiply(tile, initial, edge.data(), kTileRows);
      for (std::size_t i = 0; i < count; ++i) {
        std::copy_n(edge.data() + i * kTileRows, end - r, to + i * stride);
      }
    }
  }
}

void byte_products(std::span<const std::uint8_t> queries, std::size_t m, const PackedBytes& rows,
                   std::size_t begin, std::size_t end, std::uint32_t* out, std::size_t stride) {
  byte_products_by(fastest_kernel(), queries, m, rows, begin, end, out, stride);
}

std::vector<std::uint32_t> squared_norms(std::span<const std::uint8_t> rows, std::size_t d) {
  if (d == 0 || d > kLongestByteVector || rows.size() % d != 0) {
    throw ShapeError(fmt::format("squared_norms: {} bytes in rows of {}", rows.size(), d));
  }
  std::vector<std::uint32_t> norms(rows.size() / d);
  constexpr std::size_t kGrain = 256;
  parallel_for(norms.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) norms[i] = squared_norm(rows.data() + i * d, d);
  });
  return norms;
}

}  // namespace thimble::linalg
