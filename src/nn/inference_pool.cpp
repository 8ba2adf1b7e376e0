#include "nn/inference_pool.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "nn/engine/amx/picture_network.hpp"

namespace thimble::nn {
namespace {

/// Batches for which networks are made, smallest first. None is for a single picture: oneDNN then
/// takes matrix-vector products, which add up in another order. (With several threads and in fp32
/// it does so for two as well.) One thread alone is as fast with 16 pictures as with more: their
/// activations stay in its cache.
constexpr int kSerialBatches[] = {2, 4, 8, 16};
constexpr int kParallelBatches[] = {4, 16, 64, 256};

/// Networks that are kept for later; more are used at a time only by as many threads.
constexpr std::size_t kMostIdle = 256;

/// The batch to run next: all that is left where that wastes at most one picture or an eighth, else
/// the largest that it fills. A run costs little beside its pictures.
int next_batch(std::span<const int> batches, std::size_t left) {
  int best = batches.front();
  for (const int batch : batches) {
    const auto size = static_cast<std::size_t>(batch);
    if (size <= left + std::max<std::size_t>(1, size / 8)) best = batch;
  }
  return best;
}

}  // namespace

/// A network on loan.
class InferencePool::Lease {
 public:
  Lease(const InferencePool& pool, const Kind& kind)
      : pool_(pool), kind_(kind), network_(pool.take(kind)) {}
  ~Lease() { pool_.give_back(kind_, std::move(network_)); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  InferenceNetwork& network() { return network_; }

 private:
  const InferencePool& pool_;
  Kind kind_;
  InferenceNetwork network_;
};

/// Pictures through a network that takes them one by one.
class InferencePool::PictureRuns {
 public:
  PictureRuns(const Graph& graph, const InputScaling& scaling,
              std::unique_ptr<amx::PictureNetwork> network)
      : network_(std::move(network)),
        scaling_(scaling),
        picture_(static_cast<std::size_t>(graph.input().size())),
        outputs_(static_cast<std::size_t>(graph.output().size())),
        grain_(1 + kGrainFlops /
                       static_cast<std::size_t>(std::max<std::int64_t>(1, graph.forward_flops()))) {
  }

  void run(std::span<const std::uint8_t> pictures, std::span<float> logits) {
    const std::size_t n = pictures.size() / picture_;
    // Each thread its own blocks, where there are enough for all.
    constexpr std::size_t kBlock = amx::kBlock;
    const bool blocks =
        network_->takes_blocks() && n >= kBlock * static_cast<std::size_t>(thread_count());
    const std::size_t unit = blocks ? kBlock : 1;
    const std::size_t grain = blocks ? 1 : grain_;
    parallel_for((n + unit - 1) / unit, grain, [&](std::size_t first, std::size_t last) {
      const std::size_t begin = first * unit;
      const std::size_t end = std::min(last * unit, n);
      amx::PictureWorkspace workspace = take();
      network_->run(scaling_, pictures.subspan(begin * picture_, (end - begin) * picture_),
                    logits.subspan(begin * outputs_, (end - begin) * outputs_), workspace);
      const std::lock_guard lock(mutex_);
      if (idle_.size() < kMostIdle) idle_.push_back(std::move(workspace));
    });
  }

 private:
  // What one thread does in the time in which another would be woken for it, about 50 us.
  static constexpr std::size_t kGrainFlops = 50'000'000;

  amx::PictureWorkspace take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        amx::PictureWorkspace workspace = std::move(idle_.back());
        idle_.pop_back();
        return workspace;
      }
    }
    return network_->workspace();
  }

  std::unique_ptr<amx::PictureNetwork> network_;
  const InputScaling& scaling_;
  std::size_t picture_;
  std::size_t outputs_;
  std::size_t grain_;
  std::mutex mutex_;
  std::vector<amx::PictureWorkspace> idle_;
};

InferencePool::~InferencePool() = default;

InferencePool::InferencePool(Graph graph, InputScaling scaling, Precision precision,
                             ParameterValues parameters)
    : graph_(std::move(graph)),
      scaling_(std::move(scaling)),
      precision_(precision),
      parameters_(std::move(parameters)) {
  check_parameters(graph_, parameters_, "network");
}

void InferencePool::run(std::span<const std::uint8_t> pictures, std::span<float> logits) const {
  const auto picture = static_cast<std::size_t>(graph_.input().size());
  const auto classes = static_cast<std::size_t>(graph_.output().size());
  const std::size_t n = pictures.size() / picture;
  if (pictures.size() != n * picture || logits.size() != n * classes) {
    throw ShapeError(fmt::format("run: {} values in and {} out, expected multiples of {} and {}",
                                 pictures.size(), logits.size(), picture, classes));
  }
  std::call_once(started_, [&] {
    if (resolve(precision_) != Precision::bf16) return;
    if (auto network = amx::PictureNetwork::make(graph_, parameters_)) {
      picture_runs_ = std::make_unique<PictureRuns>(graph_, scaling_, std::move(network));
    }
  });
  if (picture_runs_) {
    picture_runs_->run(pictures, logits);
  } else {
    run_batches(pictures, logits);
  }
}

void InferencePool::run_batches(std::span<const std::uint8_t> pictures,
                                std::span<float> logits) const {
  const auto picture = static_cast<std::size_t>(graph_.input().size());
  const auto classes = static_cast<std::size_t>(graph_.output().size());
  const std::size_t n = pictures.size() / picture;
  const int threads = thread_count();
  const auto batches =
      threads == 1 ? std::span<const int>(kSerialBatches) : std::span<const int>(kParallelBatches);
  for (std::size_t first = 0; first < n;) {
    const Kind kind{next_batch(batches, n - first), threads};
    Lease lease(*this, kind);
    // As long as the batch stays the same, the network does.
    do {
      const std::size_t count = std::min(static_cast<std::size_t>(kind.batch), n - first);
      std::ranges::copy(pictures.subspan(first * picture, count * picture),
                        lease.network().input().begin());
      std::ranges::copy(lease.network().run().first(count * classes),
                        logits.subspan(first * classes).begin());
      first += count;
    } while (first < n && next_batch(batches, n - first) == kind.batch);
  }
}

InferenceNetwork InferencePool::take(const Kind& kind) const {
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(idle_, kind, &Idle::kind);
    if (found != idle_.end()) {
      InferenceNetwork network = std::move(found->network);
      std::swap(*found, idle_.back());
      idle_.pop_back();
      return network;
    }
  }
  const std::lock_guard lock(building_);
  return InferenceNetwork(graph_, scaling_, kind.batch, precision_, parameters_, &weights_);
}

void InferencePool::give_back(const Kind& kind, InferenceNetwork network) const {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kMostIdle) idle_.push_back({kind, std::move(network)});
}

}  // namespace thimble::nn
