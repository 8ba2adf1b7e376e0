#include "classical/forest.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <numeric>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "classical/binned_features.hpp"
#include "classical/tree_grower.hpp"

namespace thimble::classical {
namespace {

/// What random numbers are for; the seed is hashed with it.
enum class Purpose : std::uint64_t { samples = 1, growth = 2 };

std::uint64_t key_for(std::uint64_t seed, Purpose purpose, std::size_t tree) {
  return hash_seed(seed, static_cast<std::uint64_t>(purpose), tree);
}

/// Progress of work on several threads.
class SharedProgress {
 public:
  SharedProgress(Progress& progress, std::uint64_t total) : progress_(progress), total_(total) {}

  void add(std::uint64_t done, const char* detail = "") {
    throw_if_stopped();
    done_ += done;
    // Who comes while another reports need not wait: the next report tells of both.
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock) progress_.update(done_, total_, detail);
  }

  void throw_if_stopped() const {
    if (progress_.stop_requested()) throw Cancelled("stopped");
  }

 private:
  Progress& progress_;
  std::uint64_t total_;
  std::atomic<std::uint64_t> done_{0};
  std::mutex mutex_;
};

/// Scales to a sum of 1.
void normalize(std::vector<double>& importances) {
  const double sum = std::accumulate(importances.begin(), importances.end(), 0.0);
  if (sum <= 0) return;
  for (double& importance : importances) importance /= sum;
}

std::size_t argmax(std::span<const float> values) {
  return static_cast<std::size_t>(std::ranges::max_element(values) - values.begin());
}

/// One bit a sample and tree: set where the tree saw the sample.
class SeenSamples {
 public:
  SeenSamples(std::size_t n, std::size_t trees) : words_((n + 63) / 64), bits_(words_ * trees) {}

  void note(std::size_t tree, std::span<const std::uint16_t> weights) {
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (weights[i] > 0) bits_[tree * words_ + i / 64] |= std::uint64_t{1} << i % 64;
    }
  }
  bool contains(std::size_t tree, std::size_t sample) const {
    return bits_[tree * words_ + sample / 64] >> sample % 64 & 1;
  }

 private:
  std::size_t words_;
  std::vector<std::uint64_t> bits_;
};

/// Whether the trees that did not see a sample are right about it.
enum class Verdict : std::uint8_t { not_asked, wrong, right };

Verdict judge(const Trees& trees, const SeenSamples& seen, const Samples& train, std::size_t sample,
              std::span<float> votes) {
  const Features& features = train.features;
  const std::size_t d = features.dims();
  std::ranges::fill(votes, 0.0f);
  bool asked = false;
  for (std::size_t tree = 0; tree < trees.size(); ++tree) {
    if (seen.contains(tree, sample)) continue;
    asked = true;
    trees.add_leaf(features.is_bytes() ? trees.leaf_of(tree, features.bytes().data() + sample * d)
                                       : trees.leaf_of(tree, features.values().data() + sample * d),
                   votes.data());
  }
  if (!asked) return Verdict::not_asked;
  const auto label = static_cast<std::size_t>(train.labels[sample]);
  return argmax(votes) == label ? Verdict::right : Verdict::wrong;
}

std::optional<double> out_of_bag_score(const Trees& trees, const SeenSamples& seen,
                                       const Samples& train, const SharedProgress& progress) {
  constexpr std::size_t kBlock = 512;
  const std::size_t n = train.size();
  std::vector<Verdict> verdicts(n);
  parallel_tasks((n + kBlock - 1) / kBlock, [&](std::size_t block) {
    progress.throw_if_stopped();
    std::vector<float> votes(trees.classes());
    for (std::size_t i = block * kBlock; i < std::min(n, (block + 1) * kBlock); ++i) {
      verdicts[i] = judge(trees, seen, train, i, votes);
    }
  });
  const auto right = std::ranges::count(verdicts, Verdict::right);
  const auto asked = right + std::ranges::count(verdicts, Verdict::wrong);
  if (asked == 0) return std::nullopt;
  return static_cast<double>(right) / static_cast<double>(asked);
}

}  // namespace

Forest grow_tree(const Samples& train, const TreeOptions& options, std::uint64_t seed,
                 Progress& progress) {
  const BinnedFeatures features(train.features);
  const TreeGrower grower(features, train.labels, train.classes, options);
  SharedProgress shared(progress, train.size());
  GrownTree grown = grower.grow({}, key_for(seed, Purpose::growth, 0), true,
                                [&](std::size_t samples) { shared.add(samples); });
  normalize(grown.importances);
  return {std::move(grown.tree), std::move(grown.importances), std::nullopt};
}

Forest grow_forest(const Samples& train, const ForestOptions& options, std::uint64_t seed,
                   Progress& progress) {
  const BinnedFeatures features(train.features);
  const TreeGrower grower(features, train.labels, train.classes, options.tree);
  const std::size_t n = train.size();
  const std::size_t draws = options.max_samples == 0 ? n : std::min(n, options.max_samples);
  SeenSamples seen(n, options.oob_score ? options.n_estimators : 0);
  SharedProgress shared(progress, options.n_estimators);
  std::vector<GrownTree> grown(options.n_estimators);
  parallel_tasks(options.n_estimators, [&](std::size_t tree) {
    std::vector<std::uint16_t> weights;
    if (options.bootstrap) weights = bootstrap_weights(n, draws, seed, tree);
    if (options.oob_score) seen.note(tree, weights);
    grown[tree] = grower.grow(weights, key_for(seed, Purpose::growth, tree), false,
                              [&](std::size_t) { shared.throw_if_stopped(); });
    shared.add(1);
  });

  Forest forest{Trees(features.dims(), train.classes), std::vector<double>(features.dims()),
                std::nullopt};
  for (GrownTree& tree : grown) {
    forest.trees.append(tree.tree);
    normalize(tree.importances);
    for (std::size_t j = 0; j < forest.importances.size(); ++j) {
      forest.importances[j] += tree.importances[j];
    }
  }
  normalize(forest.importances);
  if (options.oob_score) forest.oob_score = out_of_bag_score(forest.trees, seen, train, shared);
  return forest;
}

std::vector<std::uint16_t> bootstrap_weights(std::size_t n, std::size_t draws, std::uint64_t seed,
                                             std::size_t tree) {
  constexpr std::uint16_t kMost = std::numeric_limits<std::uint16_t>::max();
  Random random(key_for(seed, Purpose::samples, tree));
  std::vector<std::uint16_t> weights(n);
  for (std::size_t i = 0; i < draws; ++i) {
    std::uint16_t& weight = weights[random.below(n)];
    if (weight < kMost) ++weight;
  }
  return weights;
}

}  // namespace thimble::classical
