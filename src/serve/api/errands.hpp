// Work that is too long for a thread that clients share and is no classification.

#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace thimble::serve {

/// One thread that does what it is given, one after the other.
///
/// Thread safety: run().
class Errands {
 public:
  /// @param max_waiting  errands; beyond them run() refuses
  explicit Errands(std::size_t max_waiting);
  /// Does what is waiting, and ends.
  ~Errands();
  Errands(const Errands&) = delete;
  Errands& operator=(const Errands&) = delete;

  /// False if too many are waiting. What an errand throws is lost.
  bool run(std::function<void()> errand);

 private:
  void work();

  std::size_t max_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace thimble::serve
