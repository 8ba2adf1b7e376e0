// Places buffers that live at different times in one block of memory.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace thimble::nn {

/// A buffer and the first and last moment at which it is used.
struct PlannedBuffer {
  std::size_t bytes = 0;
  int first_use = 0;
  int last_use = 0;
};

struct MemoryPlan {
  std::vector<std::size_t> offsets;  ///< one a buffer, multiples of 64
  std::size_t bytes = 0;             ///< size of the block
};

/// Gives buffers offsets such that no two that live at the same time overlap: the largest first,
/// each in the lowest gap that holds it (greedy by size: Pisarchyk and Lee, "Efficient Memory
/// Management for Deep Neural Net Inference", arXiv 2001.03288, algorithm 3).
MemoryPlan plan_memory(std::span<const PlannedBuffer> buffers);

}  // namespace thimble::nn
