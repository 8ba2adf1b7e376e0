#include "serve/service.hpp"

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "serve/prediction/batch_answer.hpp"
#include "serve/prediction/job_queue.hpp"
#include "serve/prediction/model_table.hpp"

namespace thimble::serve {
namespace {

using ServedModels = std::vector<std::shared_ptr<const ServedModel>>;

ServedModels load(const std::vector<std::string>& models) {
  ServedModels loaded;
  for (const std::string& model : models) loaded.push_back(load_served_model(model));
  return loaded;
}

const std::vector<double>& batch_bounds() {
  static const std::vector<double> bounds{1, 2, 4, 8, 16, 32, 64, 128, 256};
  return bounds;
}

}  // namespace

class Service::Impl {
 public:
  Impl(std::vector<std::string> sources, const ServedModels& models, const ServiceOptions& options,
       Metrics& metrics)
      : sources_(std::move(sources)),
        options_(options),
        metrics_(metrics),
        batch_pictures_(metrics.histogram(
            "thimble_batch_pictures", "Pictures that were answered in one batch.", batch_bounds())),
        reloads_ok_(reloads("ok")),
        reloads_failed_(reloads("failed")),
        queue_({options.max_queue, options.max_queue_bytes,
                std::max<std::size_t>(options.max_batch, 1), options.max_batch_bytes},
               metrics.gauge("thimble_queue_depth", "Pictures that wait for a worker.")),
        table_(std::make_shared<ModelTable>(models, metrics)) {
    set_model_info(*table_, metrics, 1);
    const int workers = options.workers > 0 ? options.workers : thread_count();
    for (int i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
  }

  ~Impl() {
    stop();
    for (std::thread& worker : workers_) worker.join();
  }

  Submission submit(Job job, std::function<void(JobAnswer)> done) {
    if (job.pictures.empty()) throw UsageError("a job without pictures");
    auto pending = std::make_shared<PendingJob>();
    pending->model = table()->find(job.model);
    if (!pending->model) return Submission::unknown_model;
    pending->answer.pictures.resize(job.pictures.size());
    pending->unanswered.store(job.pictures.size(), std::memory_order_relaxed);
    pending->job = std::move(job);
    pending->done = std::move(done);
    pending->queued = std::chrono::steady_clock::now();
    return queue_.push(std::move(pending));
  }

  std::shared_ptr<const ModelTable> table() const {
    const std::lock_guard lock(table_mutex_);
    return table_;
  }

  void reload() {
    const std::lock_guard one_at_a_time(reload_mutex_);
    if (sources_.empty()) return;
    try {
      auto next = std::make_shared<const ModelTable>(load(sources_), metrics_);
      set_model_info(*table(), metrics_, 0);
      set_model_info(*next, metrics_, 1);
      const std::lock_guard lock(table_mutex_);
      table_ = std::move(next);
    } catch (...) {
      reloads_failed_.add();
      throw;
    }
    reloads_ok_.add();
  }

  void stop() { queue_.close(); }
  bool stopping() const { return queue_.closed(); }

 private:
  Counter& reloads(const char* outcome) {
    return metrics_.counter("thimble_reloads_total", "Times that the models were read again.",
                            {{"outcome", outcome}});
  }

  void work() {
    // Each worker computes by itself; teams of threads would be in each other's way.
    const SerialScope serial;
    for (;;) {
      const Batch batch = queue_.take();
      if (batch.slices.empty()) return;
      batch_pictures_.observe(static_cast<double>(batch.pictures));
      answer_batch(batch, options_.limits);
    }
  }

  const std::vector<std::string> sources_;
  const ServiceOptions options_;
  Metrics& metrics_;
  Histogram& batch_pictures_;
  Counter& reloads_ok_;
  Counter& reloads_failed_;
  JobQueue queue_;
  mutable std::mutex table_mutex_;
  std::shared_ptr<const ModelTable> table_;
  std::mutex reload_mutex_;
  std::vector<std::thread> workers_;
};

Service::Service(const std::vector<std::string>& models, const ServiceOptions& options,
                 Metrics& metrics)
    : impl_(std::make_unique<Impl>(models, load(models), options, metrics)) {}

Service::Service(ServedModels models, const ServiceOptions& options, Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::vector<std::string>{}, models, options, metrics)) {}

Service::~Service() = default;

Submission Service::submit(Job job, std::function<void(JobAnswer)> done) {
  return impl_->submit(std::move(job), std::move(done));
}

std::vector<std::shared_ptr<const ServedModel>> Service::models() const {
  ServedModels models;
  for (const auto& model : impl_->table()->models()) models.push_back(model->served);
  return models;
}

std::shared_ptr<const ServedModel> Service::model(const std::string& name) const {
  const auto found = impl_->table()->find(name);
  return found ? found->served : nullptr;
}

void Service::reload() { impl_->reload(); }
void Service::stop() { impl_->stop(); }
bool Service::stopping() const { return impl_->stopping(); }

}  // namespace thimble::serve
