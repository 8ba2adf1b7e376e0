// The jobs that wait for a worker, and how they are shared out: in the order of their arrival, many
// small ones at a time, and large ones in pieces, so that nobody waits for somebody else's album.

#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "serve/metrics.hpp"
#include "serve/prediction/model_table.hpp"
#include "serve/service.hpp"

namespace thimble::serve {

/// A job on its way through the queue and the workers.
struct PendingJob {
  Job job;
  std::function<void(JobAnswer)> done;
  std::shared_ptr<const LoadedModel> model;
  std::chrono::steady_clock::time_point queued;

  /// Pictures without an answer. Whoever takes it to 0 calls `done`.
  std::atomic<std::size_t> unanswered{0};
  /// Each picture's answer is written by the worker that took the picture, the rest of it by the
  /// one that calls `done`.
  JobAnswer answer;
  std::atomic<double> queue_ms{0};
  std::atomic<double> prepare_ms{0};
  std::atomic<double> predict_ms{0};
};

/// Pictures of one job that a worker takes together.
struct Slice {
  std::shared_ptr<PendingJob> job;
  std::size_t first = 0;
  std::size_t count = 0;
};

/// What a worker answers at a time, all with one model.
struct Batch {
  std::vector<Slice> slices;
  std::size_t pictures = 0;
  std::size_t bytes = 0;

  const LoadedModel& model() const { return *slices.front().job->model; }
};

struct QueueLimits {
  std::size_t pictures;        ///< that may wait
  std::size_t bytes;           ///< that may wait
  std::size_t batch_pictures;  ///< of a batch
  std::size_t batch_bytes;     ///< of a batch, unless it is a single picture
};

/// Thread safety: all functions.
class JobQueue {
 public:
  /// @param depth  kept at the number of pictures that wait
  JobQueue(const QueueLimits& limits, Gauge& depth) : limits_(limits), depth_(depth) {}

  /// Takes a job in, unless the queue is full or closed. An empty queue takes a job of any size.
  Submission push(std::shared_ptr<PendingJob> job);

  /// Waits for work, and takes the oldest job's and what can be done along with it. Where other
  /// workers sleep, it leaves them their share. Without slices: the queue is closed and empty.
  Batch take();

  /// Takes no more jobs; take() no longer waits.
  void close();
  bool closed() const;

 private:
  /// What of a job no worker has taken. Kept beside the job, so that most jobs are handed out
  /// without a look into them.
  struct Untaken {
    std::shared_ptr<PendingJob> job;
    const LoadedModel* model;
    std::size_t first;
    std::size_t pictures;
    std::size_t bytes;
  };
  struct Room {
    std::size_t pictures;
    std::size_t bytes;
  };

  bool has_work_for_another() const;
  Batch take_batch();
  static Room turn(const Untaken& job, const Batch& batch, const Room& limit);

  const QueueLimits limits_;
  Gauge& depth_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::deque<Untaken> jobs_;
  std::size_t pictures_ = 0;  // untaken
  std::size_t bytes_ = 0;     // untaken
  std::size_t sleeping_ = 0;  // workers that wait, also those woken that do not run yet
  std::size_t woken_ = 0;     // of these, those that were notified
  bool closed_ = false;
};

}  // namespace thimble::serve
