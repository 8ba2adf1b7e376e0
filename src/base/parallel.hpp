// Loops over several cores.
//
// All parallel work goes through here and shares one pool of threads with oneDNN.

#pragma once

#include <cstddef>
#include <functional>

namespace thimble {

/// Number of threads that parallel_for uses; at first that of the machine (or OMP_NUM_THREADS).
int thread_count();

/// Sets the number of threads for this process, Thimble's loops and oneDNN alike.
/// @throws UsageError  if `count` < 1
void set_thread_count(int count);

/// Calls `body(begin, end)` on disjoint ranges that cover [0, n), one range a thread, each at
/// least `grain` long (one range where n is smaller). The ranges depend on `n`, `grain` and the
/// thread count alone, so sums built per range are reproducible. The first exception is rethrown
/// after all ranges ended. Calls from within a body run on the calling thread.
void parallel_for(std::size_t n, std::size_t grain,
                  const std::function<void(std::size_t begin, std::size_t end)>& body);

/// As parallel_for, and tells the body the index of its range in [0, thread_count()), for scratch
/// memory kept per thread.
void parallel_for_indexed(
    std::size_t n, std::size_t grain,
    const std::function<void(int range, std::size_t begin, std::size_t end)>& body);

/// Calls `body(task)` for each task of [0, n), handing tasks out one by one to whichever thread is
/// free: for tasks of unequal cost that each write results of their own. Which thread runs which
/// task is not reproducible. After the first exception no further task starts; it is rethrown after
/// those running have ended. Calls from within a body run on the calling thread.
void parallel_tasks(std::size_t n, const std::function<void(std::size_t task)>& body);

/// As parallel_tasks, and tells the body the index of its thread in [0, thread_count()), for
/// scratch memory kept per thread.
void parallel_tasks_indexed(std::size_t n,
                            const std::function<void(int thread, std::size_t task)>& body);

/// Keeps parallel_for, parallel_tasks and oneDNN on the calling thread while it lives: for work
/// that must not depend on the number of threads, or that several threads do side by side.
class SerialScope {
 public:
  SerialScope();
  ~SerialScope();
  SerialScope(const SerialScope&) = delete;
  SerialScope& operator=(const SerialScope&) = delete;

 private:
  int before_;
};

}  // namespace thimble
