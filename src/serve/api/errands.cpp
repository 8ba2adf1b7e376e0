#include "serve/api/errands.hpp"

#include <exception>
#include <utility>

namespace thimble::serve {

Errands::Errands(std::size_t max_waiting)
    : max_waiting_(max_waiting), thread_([this] { work(); }) {}

Errands::~Errands() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

bool Errands::run(std::function<void()> errand) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= max_waiting_) return false;
    waiting_.push_back(std::move(errand));
  }
  changed_.notify_one();
  return true;
}

void Errands::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    {
      const std::function<void()> errand = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      try {
        errand();
      } catch (const std::exception&) {
        // Whoever waits for its answer is told so when the Respond in it goes.
      }
    }
    lock.lock();
  }
}

}  // namespace thimble::serve
