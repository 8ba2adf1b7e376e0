// Two products of 16 bits summed into 32 at a time. Not the instruction for bytes (vpmaddubsw): it
// saturates at 16 bits. Of the four bytes that a row has in a quad, those at even places become
// words by masking the others out, those at odd places by a shift.

#include <cstring>

#include "base/isa.hpp"
#include "linalg/byte_products_kernels.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#include "linalg/byte_products_groups.hpp"

#define THIMBLE_AVX2 __attribute__((target("avx2")))

namespace thimble::linalg {
namespace {

constexpr std::size_t kGroup = 4;
constexpr std::size_t kLanes = 8;
// A quad of a query: bytes 0 and 2 as words, then 1 and 3.
constexpr std::size_t kQueryBytes = 8;

void lay_out(const std::uint8_t* queries, std::size_t count, std::size_t d, std::uint8_t* to) {
  const std::size_t padded = (d + kQuadBytes - 1) / kQuadBytes * kQuadBytes;
  constexpr std::size_t kPlace[kQuadBytes] = {0, 4, 2, 6};
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < padded; ++j) {
      std::uint8_t* word = to + (j / kQuadBytes * count + i) * kQueryBytes + kPlace[j % kQuadBytes];
      word[0] = j < d ? queries[i * d + j] : std::uint8_t{0};
      word[1] = 0;
    }
  }
}

THIMBLE_AVX2 inline __m256i load(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}

THIMBLE_AVX2 inline __m256i broadcast(const std::uint8_t* p) {
  std::int32_t bits;
  std::memcpy(&bits, p, sizeof bits);
  return _mm256_set1_epi32(bits);
}

/// Sixteen rows of the tile at a time: two vectors of sums a query.
template <std::size_t kCount>
struct Multiply {
  THIMBLE_AVX2 static void run(const std::uint8_t* queries, const std::uint8_t* tile,
                               std::size_t quads, const TileSums& sums) {
    for (std::size_t r = 0; r < kTileRows; r += 2 * kLanes) {
      half(queries, tile + r * kQuadBytes, quads,
           {sums.initial + r, sums.initial_stride, sums.out + r, sums.stride});
    }
  }

 private:
  THIMBLE_AVX2 static void half(const std::uint8_t* queries, const std::uint8_t* tile,
                                std::size_t quads, const TileSums& sums) {
    __m256i sum[kCount][2];
    THIMBLE_UNROLL
    for (std::size_t i = 0; i < kCount; ++i) {
      sum[i][0] = load(sums.initial + i * sums.initial_stride);
      sum[i][1] = load(sums.initial + i * sums.initial_stride + kLanes);
    }
    const __m256i mask = _mm256_set1_epi16(0xFF);
    for (std::size_t q = 0; q < quads; ++q) {
      const __m256i first = load(tile);
      const __m256i second = load(tile + kLanes * kQuadBytes);
      const __m256i even[2] = {_mm256_and_si256(first, mask), _mm256_and_si256(second, mask)};
      const __m256i odd[2] = {_mm256_srli_epi16(first, 8), _mm256_srli_epi16(second, 8)};
      THIMBLE_UNROLL
      for (std::size_t i = 0; i < kCount; ++i) {
        const __m256i x = broadcast(queries + i * kQueryBytes);
        const __m256i y = broadcast(queries + i * kQueryBytes + 4);
        THIMBLE_UNROLL
        for (std::size_t h = 0; h < 2; ++h) {
          const __m256i products =
              _mm256_add_epi32(_mm256_madd_epi16(even[h], x), _mm256_madd_epi16(odd[h], y));
          sum[i][h] = _mm256_add_epi32(sum[i][h], products);
        }
      }
      queries += kCount * kQueryBytes;
      tile += kTileRows * kQuadBytes;
    }
    THIMBLE_UNROLL
    for (std::size_t i = 0; i < kCount; ++i) {
      auto* to = reinterpret_cast<__m256i*>(sums.out + i * sums.stride);
      _mm256_storeu_si256(to, sum[i][0]);
      _mm256_storeu_si256(to + 1, sum[i][1]);
    }
  }
};

}  // namespace

const ByteKernel* avx2_byte_kernel() {
  static constexpr ByteKernel kernel{"avx2", kGroup,  kQueryBytes,
                                     false,  lay_out, multiply_group<Multiply, kGroup>};
  return has(Isa::avx2) ? &kernel : nullptr;
}

}  // namespace thimble::linalg

#else

namespace thimble::linalg {
const ByteKernel* avx2_byte_kernel() { return nullptr; }
}  // namespace thimble::linalg

#endif
