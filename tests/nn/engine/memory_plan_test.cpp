#include "nn/engine/memory_plan.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace thimble::nn {
namespace {

TEST(MemoryPlan, BuffersThatNeverMeetShareMemory) {
  const std::vector<PlannedBuffer> buffers{{1000, 0, 1}, {1000, 2, 3}, {500, 1, 2}};
  const MemoryPlan plan = plan_memory(buffers);
  EXPECT_EQ(plan.offsets[0], plan.offsets[1]);
  EXPECT_EQ(plan.bytes, 1024u + 512u);
}

RC_GTEST_PROP(MemoryPlan, NoTwoLivingBuffersOverlap, ()) {
  const auto n = *rc::gen::inRange<std::size_t>(0, 40);
  std::vector<PlannedBuffer> buffers;
  for (std::size_t i = 0; i < n; ++i) {
    const int first = *rc::gen::inRange(0, 30);
    buffers.push_back(
        {*rc::gen::inRange<std::size_t>(0, 5000), first, first + *rc::gen::inRange(0, 10)});
  }
  const MemoryPlan plan = plan_memory(buffers);
  std::size_t sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    sum += (buffers[i].bytes + 63) / 64 * 64;
    RC_ASSERT(plan.offsets[i] % 64 == 0u);
    RC_ASSERT(plan.offsets[i] + buffers[i].bytes <= plan.bytes);
    for (std::size_t j = 0; j < i; ++j) {
      const bool apart_in_time =
          buffers[i].last_use < buffers[j].first_use || buffers[j].last_use < buffers[i].first_use;
      const bool apart_in_memory = plan.offsets[i] + buffers[i].bytes <= plan.offsets[j] ||
                                   plan.offsets[j] + buffers[j].bytes <= plan.offsets[i];
      RC_ASSERT(apart_in_time || apart_in_memory);
    }
  }
  RC_ASSERT(plan.bytes <= sum);
}

}  // namespace
}  // namespace thimble::nn
