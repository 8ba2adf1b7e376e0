// Parallel loops over flat blocks of floats.

#pragma once

#include <algorithm>
#include <cstddef>

#include "base/parallel.hpp"

namespace thimble::nn {

/// As parallel_for over [0, size), with ranges that begin at multiples of 1024 elements. Which
/// elements a loop takes in vectors and which one by one then depends on `size` alone, not on the
/// number of threads; some compilers round the two differently.
template <class Body>
void parallel_blocks(std::size_t size, const Body& body) {
  constexpr std::size_t kBlock = 1024;
  constexpr std::size_t kBlocksAThread = 16;  // less work is not worth waking a thread
  parallel_for((size + kBlock - 1) / kBlock, kBlocksAThread,
               [&body, size](std::size_t begin, std::size_t end) {
                 body(begin * kBlock, std::min(end * kBlock, size));
               });
}

}  // namespace thimble::nn
