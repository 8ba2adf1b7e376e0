#include "serve/prediction/job_queue.hpp"

#include <algorithm>
#include <utility>

namespace thimble::serve {
namespace {

/// Less work than this is done sooner by one worker than by waking a second one.
constexpr std::size_t kSharePictures = 8;
constexpr std::size_t kShareBytes = 16'000;

/// What a job gets before it is another one's turn.
constexpr std::size_t kTurnPictures = 8;
constexpr std::size_t kTurnBytes = 128'000;

/// Jobs that may stand before one that is taken.
constexpr std::size_t kMostPassedOver = 256;

std::size_t share(std::size_t work, std::size_t workers, std::size_t least, std::size_t most) {
  return std::min(most, std::max(least, (work + workers - 1) / workers));
}

}  // namespace

Submission JobQueue::push(std::shared_ptr<PendingJob> job) {
  Untaken untaken{nullptr, job->model.get(), 0, job->job.pictures.size(), 0};
  for (const EncodedPicture& picture : job->job.pictures) untaken.bytes += picture.bytes.size();
  untaken.job = std::move(job);
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return Submission::stopping;
    if (!jobs_.empty() && (pictures_ + untaken.pictures > limits_.pictures ||
                           bytes_ + untaken.bytes > limits_.bytes)) {
      return Submission::queue_full;
    }
    pictures_ += untaken.pictures;
    bytes_ += untaken.bytes;
    jobs_.push_back(std::move(untaken));
    depth_.set(static_cast<std::int64_t>(pictures_));
    wake = has_work_for_another();
    if (wake) ++woken_;
  }
  if (wake) work_.notify_one();
  return Submission::accepted;
}

bool JobQueue::has_work_for_another() const {
  if (jobs_.empty() || woken_ >= sleeping_) return false;
  return woken_ == 0 || pictures_ > woken_ * kSharePictures || bytes_ > woken_ * kShareBytes;
}

Batch JobQueue::take() {
  Batch batch;
  bool wake = false;
  {
    std::unique_lock lock(mutex_);
    while (jobs_.empty()) {
      if (closed_) return batch;
      ++sleeping_;
      work_.wait(lock);
      --sleeping_;
      if (woken_ > 0) --woken_;
    }
    batch = take_batch();
    depth_.set(static_cast<std::int64_t>(pictures_));
    wake = has_work_for_another();
    if (wake) ++woken_;
  }
  if (wake) work_.notify_one();
  return batch;
}

void JobQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  work_.notify_all();
}

bool JobQueue::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

Batch JobQueue::take_batch() {
  const std::size_t workers = 1 + sleeping_;
  const Room limit{share(pictures_, workers, kSharePictures, limits_.batch_pictures),
                   share(bytes_, workers, kShareBytes, limits_.batch_bytes)};
  const LoadedModel* const model = jobs_.front().model;
  const std::size_t waiting = jobs_.size();
  Batch batch;
  std::vector<Untaken> passed_over;
  for (std::size_t visit = 0; !jobs_.empty() && batch.pictures < limit.pictures; ++visit) {
    // With a second turn in the same batch, small jobs would wait for more of a large one.
    if (visit >= waiting && batch.bytes >= kTurnBytes) break;
    if (passed_over.size() == kMostPassedOver) break;
    Untaken job = std::move(jobs_.front());
    jobs_.pop_front();
    const Room taken = job.model == model ? turn(job, batch, limit) : Room{0, 0};
    if (taken.pictures == 0) {
      passed_over.push_back(std::move(job));
      continue;
    }
    batch.slices.push_back({job.job, job.first, taken.pictures});
    batch.pictures += taken.pictures;
    batch.bytes += taken.bytes;
    job.first += taken.pictures;
    job.pictures -= taken.pictures;
    job.bytes -= taken.bytes;
    if (job.pictures > 0) jobs_.push_back(std::move(job));
  }
  jobs_.insert(jobs_.begin(), std::move_iterator(passed_over.begin()),
               std::move_iterator(passed_over.end()));
  pictures_ -= batch.pictures;
  bytes_ -= batch.bytes;
  return batch;
}

JobQueue::Room JobQueue::turn(const Untaken& job, const Batch& batch, const Room& limit) {
  const std::size_t pictures = std::min(kTurnPictures, limit.pictures - batch.pictures);
  const std::size_t bytes = std::min(kTurnBytes, limit.bytes - std::min(limit.bytes, batch.bytes));
  if (job.pictures <= pictures && job.bytes <= bytes) return {job.pictures, job.bytes};
  Room taken{0, 0};
  while (taken.pictures < std::min(pictures, job.pictures)) {
    const std::size_t next = job.job->job.pictures[job.first + taken.pictures].bytes.size();
    // The first of a batch is taken whatever its size, that of a turn as long as the batch has
    // room.
    const bool first_of_turn = taken.pictures == 0 && batch.bytes + next <= limit.bytes;
    const bool first_of_batch = taken.pictures == 0 && batch.pictures == 0;
    if (taken.bytes + next > bytes && !first_of_turn && !first_of_batch) break;
    ++taken.pictures;
    taken.bytes += next;
  }
  return taken;
}

}  // namespace thimble::serve
