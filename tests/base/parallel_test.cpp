#include "base/parallel.hpp"

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"

namespace thimble {
namespace {

/// Sets the number of threads for one test.
class Threads {
 public:
  explicit Threads(int count) : before_(thread_count()) { set_thread_count(count); }
  ~Threads() { set_thread_count(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

RC_GTEST_PROP(Parallel, EveryIndexExactlyOnce, ()) {
  const Threads threads(*rc::gen::inRange(1, 9));
  const auto n = *rc::gen::inRange<std::size_t>(0, 300);
  const auto grain = *rc::gen::inRange<std::size_t>(0, 40);
  std::vector<std::atomic<int>> visits(n);
  std::atomic<int> ranges{0};
  parallel_for_indexed(n, grain, [&](int range, std::size_t begin, std::size_t end) {
    ++ranges;
    RC_ASSERT(range >= 0);
    RC_ASSERT(range < thread_count());
    RC_ASSERT(begin < end);
    for (std::size_t i = begin; i < end; ++i) ++visits[i];
  });
  for (const auto& count : visits) RC_ASSERT(count == 1);
  RC_ASSERT(ranges <= thread_count());
}

TEST(Parallel, RangesAreTheSameEachTime) {
  const Threads threads(4);
  const auto ranges = [] {
    std::mutex mutex;
    std::set<std::pair<std::size_t, std::size_t>> seen;
    parallel_for(1000, 10, [&](std::size_t begin, std::size_t end) {
      const std::lock_guard lock(mutex);
      seen.emplace(begin, end);
    });
    return seen;
  };
  const auto first = ranges();
  EXPECT_EQ(first.size(), 4u);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ranges(), first);
}

TEST(Parallel, SmallWorkStaysOnTheCallingThread) {
  const Threads threads(4);
  const auto caller = std::this_thread::get_id();
  parallel_for(10, 10, [&](std::size_t begin, std::size_t end) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    EXPECT_EQ(begin, 0u);
    EXPECT_EQ(end, 10u);
  });
}

TEST(Parallel, NestedCallsRunWhereTheyAre) {
  const Threads threads(4);
  std::atomic<int> visits{0};
  parallel_for(8, 1, [&](std::size_t begin, std::size_t end) {
    const auto outer = std::this_thread::get_id();
    for (std::size_t i = begin; i < end; ++i) {
      parallel_for(5, 1, [&](std::size_t inner_begin, std::size_t inner_end) {
        EXPECT_EQ(std::this_thread::get_id(), outer);
        visits += static_cast<int>(inner_end - inner_begin);
      });
    }
  });
  EXPECT_EQ(visits, 40);
}

TEST(Parallel, ExceptionsArriveAfterAllRangesEnded) {
  const Threads threads(4);
  std::atomic<int> ended{0};
  EXPECT_THROW(parallel_for(4, 1,
                            [&](std::size_t begin, std::size_t) {
                              ++ended;
                              if (begin == 0) throw std::runtime_error("first");
                            }),
               std::runtime_error);
  EXPECT_EQ(ended, 4);
}

RC_GTEST_PROP(ParallelTasks, EveryTaskExactlyOnce, ()) {
  const Threads threads(*rc::gen::inRange(1, 9));
  const auto n = *rc::gen::inRange<std::size_t>(0, 100);
  std::vector<std::atomic<int>> visits(n);
  parallel_tasks_indexed(n, [&](int thread, std::size_t task) {
    RC_ASSERT(thread >= 0);
    RC_ASSERT(thread < thread_count());
    ++visits[task];
  });
  for (const auto& visit : visits) RC_ASSERT(visit == 1);
}

TEST(ParallelTasks, NoneStartsAfterAnException) {
  const Threads threads(1);
  int started = 0;
  EXPECT_THROW(parallel_tasks(100,
                              [&](std::size_t task) {
                                ++started;
                                if (task == 3) throw std::runtime_error("third");
                              }),
               std::runtime_error);
  EXPECT_EQ(started, 4);
}

TEST(SerialScope, KeepsLoopsOnTheCallingThread) {
  const Threads threads(4);
  {
    const SerialScope serial;
    const auto here = std::this_thread::get_id();
    parallel_for(100, 1,
                 [&](std::size_t, std::size_t) { EXPECT_EQ(std::this_thread::get_id(), here); });
  }
  EXPECT_EQ(thread_count(), 4);
}

TEST(Parallel, RefusesNoThreads) {
  EXPECT_THROW(set_thread_count(0), UsageError);
  EXPECT_THROW(set_thread_count(-3), UsageError);
}

}  // namespace
}  // namespace thimble
