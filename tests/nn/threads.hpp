// Running the same work with several numbers of threads.

#pragma once

#include "base/parallel.hpp"

namespace thimble::nn {

/// Sets the number of threads until the end of the scope.
class WithThreads {
 public:
  explicit WithThreads(int count) : before_(thread_count()) { set_thread_count(count); }
  ~WithThreads() { set_thread_count(before_); }
  WithThreads(const WithThreads&) = delete;
  WithThreads& operator=(const WithThreads&) = delete;

 private:
  int before_;
};

}  // namespace thimble::nn
