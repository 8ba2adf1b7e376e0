#include "nn/engine/memory_plan.hpp"

#include <algorithm>
#include <numeric>

namespace thimble::nn {
namespace {

// One cache line, and the widest vector.
constexpr std::size_t kAlignment = 64;

std::size_t aligned(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

MemoryPlan plan_memory(std::span<const PlannedBuffer> buffers) {
  std::vector<std::size_t> by_size(buffers.size());
  std::iota(by_size.begin(), by_size.end(), std::size_t{0});
  std::ranges::stable_sort(
      by_size, [&](std::size_t a, std::size_t b) { return buffers[a].bytes > buffers[b].bytes; });

  MemoryPlan plan;
  plan.offsets.resize(buffers.size());
  std::vector<std::size_t> placed;  // in the order of their offsets
  for (const std::size_t i : by_size) {
    const PlannedBuffer& buffer = buffers[i];
    std::size_t offset = 0;
    for (const std::size_t j : placed) {
      const PlannedBuffer& other = buffers[j];
      if (other.last_use < buffer.first_use || buffer.last_use < other.first_use) continue;
      if (offset + buffer.bytes <= plan.offsets[j]) break;
      offset = std::max(offset, plan.offsets[j] + aligned(other.bytes));
    }
    plan.offsets[i] = offset;
    plan.bytes = std::max(plan.bytes, offset + aligned(buffer.bytes));
    placed.insert(std::ranges::upper_bound(placed, offset, {},
                                           [&](std::size_t j) { return plan.offsets[j]; }),
                  i);
  }
  return plan;
}

}  // namespace thimble::nn
