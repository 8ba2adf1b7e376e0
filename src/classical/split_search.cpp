#include "classical/split_search.hpp"

#include <cmath>

#include "classical/best_split_search.hpp"
#include "classical/random_split_search.hpp"

namespace thimble::classical {

bool is_better(const Split& a, const Split& b) {
  if (!a.found() || !b.found()) return a.found();
  const int order = compare(a.score, b.score);
  if (order != 0) return order > 0;
  if (a.feature == b.feature) return a.left_bin < b.left_bin;
  return a.priority != b.priority ? a.priority < b.priority : a.feature < b.feature;
}

EntropyTable::EntropyTable(std::size_t largest) : values_(largest + 1) {
  for (std::size_t x = 1; x <= largest; ++x) {
    values_[x] = static_cast<double>(x) * std::log2(static_cast<double>(x));
  }
}

std::unique_ptr<SplitSearch> make_split_search(const TreeOptions& options,
                                               const BinnedFeatures& features,
                                               const EntropyTable* entropy) {
  if (options.splitter == Splitter::best) {
    return std::make_unique<BestSplitSearch>(options.min_samples_leaf, entropy);
  }
  return std::make_unique<RandomSplitSearch>(options.min_samples_leaf, features, entropy);
}

SplitScore split_score(std::span<const std::int64_t> left, std::span<const std::int64_t> right,
                       const EntropyTable* entropy) {
  std::int64_t left_weight = 0;
  std::int64_t right_weight = 0;
  if (entropy == nullptr) {
    std::int64_t left_squares = 0;
    std::int64_t right_squares = 0;
    for (std::size_t c = 0; c < left.size(); ++c) {
      left_weight += left[c];
      right_weight += right[c];
      left_squares += left[c] * left[c];
      right_squares += right[c] * right[c];
    }
    return gini_score(left_weight, left_squares, right_weight, right_squares);
  }
  // Summed class by class, left and right together, so that mirrored splits score the same.
  double sum = 0;
  for (std::size_t c = 0; c < left.size(); ++c) {
    left_weight += left[c];
    right_weight += right[c];
    sum += (*entropy)[left[c]] + (*entropy)[right[c]];
  }
  return {sum - ((*entropy)[left_weight] + (*entropy)[right_weight]), 0, 0};
}

double weighted_impurity(std::span<const std::int64_t> totals, std::int64_t weight,
                         const EntropyTable* entropy) {
  double sum = 0;
  if (entropy == nullptr) {
    for (const std::int64_t total : totals) {
      sum += static_cast<double>(total) * static_cast<double>(total);
    }
    return static_cast<double>(weight) - sum / static_cast<double>(weight);
  }
  for (const std::int64_t total : totals) sum += (*entropy)[total];
  return (*entropy)[weight] - sum;
}

}  // namespace thimble::classical
