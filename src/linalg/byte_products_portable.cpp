#include <algorithm>

#include "linalg/byte_products_kernels.hpp"

namespace thimble::linalg {
namespace {

void lay_out(const std::uint8_t* queries, std::size_t count, std::size_t d, std::uint8_t* to) {
  const std::size_t padded = (d + kQuadBytes - 1) / kQuadBytes * kQuadBytes;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < padded; ++j) {
      to[(j / kQuadBytes * count + i) * kQuadBytes + j % kQuadBytes] =
          j < d ? queries[i * d + j] : std::uint8_t{0};
    }
  }
}

void multiply(const std::uint8_t* queries, std::size_t count, const std::uint8_t* tile,
              std::size_t quads, const TileSums& sums) {
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t sum[kTileRows];
    std::copy_n(sums.initial + i * sums.initial_stride, kTileRows, sum);
    for (std::size_t q = 0; q < quads; ++q) {
      const std::uint8_t* x = queries + (q * count + i) * kQuadBytes;
      const std::uint8_t* y = tile + q * kTileRows * kQuadBytes;
      for (std::size_t r = 0; r < kTileRows; ++r) {
        for (std::size_t j = 0; j < kQuadBytes; ++j) {
          sum[r] += std::uint32_t{x[j]} * y[r * kQuadBytes + j];
        }
      }
    }
    std::copy_n(sum, kTileRows, sums.out + i * sums.stride);
  }
}

}  // namespace

const ByteKernel* portable_byte_kernel() {
  static constexpr ByteKernel kernel{"portable", 4, kQuadBytes, false, lay_out, multiply};
  return &kernel;
}

}  // namespace thimble::linalg
