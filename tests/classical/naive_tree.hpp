// A tree grown the slow way, to compare with: every threshold of every feature, by sorting.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "classical/split_search.hpp"
#include "classical/tree_options.hpp"
#include "random_samples.hpp"

namespace thimble::classical {

struct NaiveSplit {
  SplitScore score;
  std::size_t feature;
  int left;   ///< greatest value that goes left
  int right;  ///< least that goes right
};

/// All features are looked at; weights count as so many equal samples.
class NaiveSearch {
 public:
  NaiveSearch(const ByteSamples& samples, const std::vector<std::uint16_t>& weights,
              const TreeOptions& options)
      : samples_(samples), weights_(weights), options_(options), entropy_(total(weights)) {}

  std::optional<NaiveSplit> best(const std::vector<std::size_t>& node, std::uint64_t key) const {
    std::optional<NaiveSplit> best;
    for (std::size_t feature = 0; feature < samples_.d; ++feature) {
      std::vector<std::size_t> sorted = node;
      std::ranges::stable_sort(sorted, {}, [&](std::size_t i) { return samples_.at(i, feature); });
      for (std::size_t cut = 1; cut < sorted.size(); ++cut) {
        const int left = samples_.at(sorted[cut - 1], feature);
        const int right = samples_.at(sorted[cut], feature);
        if (left == right || cut < options_.min_samples_leaf ||
            sorted.size() - cut < options_.min_samples_leaf) {
          continue;
        }
        const std::vector<std::size_t> low(sorted.begin(),
                                           sorted.begin() + static_cast<std::ptrdiff_t>(cut));
        const std::vector<std::size_t> high(sorted.begin() + static_cast<std::ptrdiff_t>(cut),
                                            sorted.end());
        const NaiveSplit split{score(low, high), feature, left, right};
        if (!best || is_better(split, *best, key)) best = split;
      }
    }
    return best;
  }

  std::vector<std::int64_t> class_weights(const std::vector<std::size_t>& node) const {
    std::vector<std::int64_t> totals(samples_.classes);
    for (const std::size_t i : node)
      totals[static_cast<std::size_t>(samples_.labels[i])] += weights_[i];
    return totals;
  }

  const EntropyTable* entropy() const {
    return options_.criterion == Criterion::entropy ? &entropy_ : nullptr;
  }

 private:
  static std::size_t total(const std::vector<std::uint16_t>& weights) {
    std::size_t sum = 0;
    for (const std::uint16_t weight : weights) sum += weight;
    return sum;
  }

  SplitScore score(const std::vector<std::size_t>& low,
                   const std::vector<std::size_t>& high) const {
    return split_score(class_weights(low), class_weights(high), entropy());
  }

  static bool is_better(const NaiveSplit& a, const NaiveSplit& b, std::uint64_t key) {
    const int order = compare(a.score, b.score);
    if (order != 0) return order > 0;
    return split_priority(key, a.feature) < split_priority(key, b.feature);
  }

  const ByteSamples& samples_;
  const std::vector<std::uint16_t>& weights_;
  const TreeOptions& options_;
  EntropyTable entropy_;
};

}  // namespace thimble::classical
