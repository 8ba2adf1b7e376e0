// What the vector kernels of byte_products() share: one function a number of queries, so that all
// sums stay in registers.

#pragma once

#include <array>
#include <utility>

#include "linalg/byte_products_kernels.hpp"

#if defined(__clang__)
#define THIMBLE_UNROLL _Pragma("unroll")
#else
#define THIMBLE_UNROLL _Pragma("GCC unroll 32")
#endif

namespace thimble::linalg {

/// ByteKernel::multiply by Multiply<count>::run, count from 1 to kGroup.
template <template <std::size_t> class Multiply, std::size_t kGroup>
void multiply_group(const std::uint8_t* queries, std::size_t count, const std::uint8_t* tile,
                    std::size_t quads, const TileSums& sums) {
  using Run = void (*)(const std::uint8_t*, const std::uint8_t*, std::size_t, const TileSums&);
  static constexpr auto kRuns = []<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    return std::array<Run, kGroup>{&Multiply<kIndex + 1>::run...};
  }
  (std::make_index_sequence<kGroup>());
  kRuns[count - 1](queries, tile, quads, sums);
}

}  // namespace thimble::linalg
