// vpdpbusd multiplies four unsigned by four signed bytes and adds the products to 32 bits, without
// saturation. Queries become signed by subtracting 128, which a flip of the top bit does;
// x . y = (x - 128) . y + 128 sum(y).

#include <cstring>

#include "base/isa.hpp"
#include "linalg/byte_products_kernels.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#include "linalg/byte_products_groups.hpp"

#define THIMBLE_AVX512 __attribute__((target("avx512f,avx512bw,avx512vnni")))

namespace thimble::linalg {
namespace {

// 24 vectors of sums, two of rows and one of a query: of 32 registers.
constexpr std::size_t kGroup = 12;
constexpr std::size_t kLanes = 16;

void lay_out(const std::uint8_t* queries, std::size_t count, std::size_t d, std::uint8_t* to) {
  constexpr std::uint32_t kFlip = 0x80808080;
  const std::size_t whole = d / kQuadBytes;
  const std::size_t rest = d % kQuadBytes;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* query = queries + i * d;
    const auto put = [&](std::size_t quad, std::size_t bytes) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, query + quad * kQuadBytes, bytes);
      bits ^= kFlip;
      std::memcpy(to + (quad * count + i) * kQuadBytes, &bits, kQuadBytes);
    };
    for (std::size_t q = 0; q < whole; ++q) put(q, kQuadBytes);
    if (rest > 0) put(whole, rest);
  }
}

THIMBLE_AVX512 inline __m512i broadcast(const std::uint8_t* p) {
  std::int32_t bits;
  std::memcpy(&bits, p, sizeof bits);
  return _mm512_set1_epi32(bits);
}

template <std::size_t kCount>
struct Multiply {
  THIMBLE_AVX512 static void run(const std::uint8_t* queries, const std::uint8_t* tile,
                                 std::size_t quads, const TileSums& sums) {
    __m512i sum[kCount][2];
    THIMBLE_UNROLL
    for (std::size_t i = 0; i < kCount; ++i) {
      sum[i][0] = _mm512_loadu_si512(sums.initial + i * sums.initial_stride);
      sum[i][1] = _mm512_loadu_si512(sums.initial + i * sums.initial_stride + kLanes);
    }
    for (std::size_t q = 0; q < quads; ++q) {
      const __m512i first = _mm512_load_si512(tile);
      const __m512i second = _mm512_load_si512(tile + kLanes * kQuadBytes);
      THIMBLE_UNROLL
      for (std::size_t i = 0; i < kCount; ++i) {
        const __m512i x = broadcast(queries + i * kQuadBytes);
        sum[i][0] = _mm512_dpbusd_epi32(sum[i][0], first, x);
        sum[i][1] = _mm512_dpbusd_epi32(sum[i][1], second, x);
      }
      queries += kCount * kQuadBytes;
      tile += kTileRows * kQuadBytes;
    }
    THIMBLE_UNROLL
    for (std::size_t i = 0; i < kCount; ++i) {
      _mm512_storeu_si512(sums.out + i * sums.stride, sum[i][0]);
      _mm512_storeu_si512(sums.out + i * sums.stride + kLanes, sum[i][1]);
    }
  }
};

}  // namespace

const ByteKernel* avx512_byte_kernel() {
  static constexpr ByteKernel kernel{"avx512_vnni", kGroup,  kQuadBytes,
                                     true,          lay_out, multiply_group<Multiply, kGroup>};
  return has(Isa::avx512) && __builtin_cpu_supports("avx512vnni") ? &kernel : nullptr;
}

}  // namespace thimble::linalg

#else

namespace thimble::linalg {
const ByteKernel* avx512_byte_kernel() { return nullptr; }
}  // namespace thimble::linalg

#endif
