#include "base/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

#include "base/error.hpp"

// The entry points of libgomp, declared here because clang's own <omp.h> belongs to another
// run-time library: two pools of spinning threads in one process would halve the speed.
extern "C" {
void GOMP_parallel(void (*body)(void*), void* data, unsigned thread_count, unsigned flags);
int omp_get_max_threads();
void omp_set_num_threads(int count);
int omp_get_thread_num();
int omp_get_num_threads();
int omp_in_parallel();
}

namespace thimble {
namespace {

using IndexedBody = std::function<void(int, std::size_t, std::size_t)>;

struct Loop {
  std::size_t n;
  std::size_t ranges;
  const IndexedBody* body;
  std::exception_ptr error;
  std::mutex error_mutex;
};

void run_range(Loop& loop, std::size_t range) {
  const std::size_t begin = loop.n * range / loop.ranges;
  const std::size_t end = loop.n * (range + 1) / loop.ranges;
  try {
    (*loop.body)(static_cast<int>(range), begin, end);
  } catch (...) {
    const std::lock_guard lock(loop.error_mutex);
    if (!loop.error) loop.error = std::current_exception();
  }
}

void team_member(void* data) {
  auto& loop = *static_cast<Loop*>(data);
  // The team may be smaller than asked for; every range still runs exactly once.
  const auto team = static_cast<std::size_t>(omp_get_num_threads());
  for (auto range = static_cast<std::size_t>(omp_get_thread_num()); range < loop.ranges;
       range += team) {
    run_range(loop, range);
  }
}

}  // namespace

int thread_count() { return omp_get_max_threads(); }

void set_thread_count(int count) {
  if (count < 1) throw UsageError("threads: " + std::to_string(count) + ", expected 1 or more");
  omp_set_num_threads(count);
}

void parallel_for_indexed(std::size_t n, std::size_t grain, const IndexedBody& body) {
  if (n == 0) return;
  const std::size_t most = omp_in_parallel() ? 1 : static_cast<std::size_t>(thread_count());
  const std::size_t full_ranges = n / std::max<std::size_t>(grain, 1);
  const std::size_t ranges = std::min(most, std::max<std::size_t>(full_ranges, 1));
  if (ranges == 1) {
    body(0, 0, n);
    return;
  }
  Loop loop{n, ranges, &body, nullptr, {}};
  GOMP_parallel(team_member, &loop, static_cast<unsigned>(ranges), 0);
  if (loop.error) std::rethrow_exception(loop.error);
}

void parallel_for(std::size_t n, std::size_t grain,
                  const std::function<void(std::size_t, std::size_t)>& body) {
  parallel_for_indexed(n, grain,
                       [&](int, std::size_t begin, std::size_t end) { body(begin, end); });
}

void parallel_tasks_indexed(std::size_t n,
                            const std::function<void(int thread, std::size_t task)>& body) {
  std::atomic<std::size_t> next{0};
  parallel_for_indexed(std::min(n, static_cast<std::size_t>(thread_count())), 1,
                       [&](int thread, std::size_t, std::size_t) {
                         try {
                           for (std::size_t task; (task = next.fetch_add(1)) < n;) {
                             body(thread, task);
                           }
                         } catch (...) {
                           next = n;
                           throw;
                         }
                       });
}

void parallel_tasks(std::size_t n, const std::function<void(std::size_t task)>& body) {
  parallel_tasks_indexed(n, [&](int, std::size_t task) { body(task); });
}

SerialScope::SerialScope() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }

SerialScope::~SerialScope() { omp_set_num_threads(before_); }

}  // namespace thimble
