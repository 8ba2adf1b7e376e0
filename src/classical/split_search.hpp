// The search for a node's split, feature by feature.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "classical/binned_features.hpp"
#include "classical/node_samples.hpp"
#include "classical/split_score.hpp"
#include "classical/tree_options.hpp"

namespace thimble::classical {

/// A way to split a node: bins up to `left_bin` go left.
struct Split {
  SplitScore score;
  std::int64_t feature = -1;  ///< -1: none
  int left_bin = 0;
  int right_bin = 0;           ///< from here on bins go right; none between has a sample
  std::uint64_t priority = 0;  ///< see split_priority

  bool found() const { return feature >= 0; }
};

/// Equally good splits: that of the feature with the smaller priority wins, which is random but
/// the same in whatever order features are looked at. Within a feature the lower threshold wins.
inline std::uint64_t split_priority(std::uint64_t node_key, std::size_t feature) {
  return mix64(node_key ^ (feature + 1) * 0xD1B54A32D192ED03ull);
}

/// True if `a` is to be preferred.
bool is_better(const Split& a, const Split& b);

/// x log2 x for the integers up to a largest.
class EntropyTable {
 public:
  explicit EntropyTable(std::size_t largest);
  double operator[](std::int64_t x) const { return values_[static_cast<std::size_t>(x)]; }

 private:
  std::vector<double> values_;
};

/// Finds splits; holds the working memory, so one object serves one thread at a time.
class SplitSearch {
 public:
  virtual ~SplitSearch() = default;

  /// Looks at `features` and replaces `best` where one of them offers a better split.
  /// @param node_key  decides between equally good splits, and draws random thresholds
  /// @param constant  uint8 [features.size()], to be filled: 1 where all samples have one value
  virtual void search(const NodeSamples& node, std::uint64_t node_key,
                      std::span<const std::uint32_t> features, std::uint8_t* constant,
                      Split& best) = 0;
};

/// @param entropy  for Criterion::entropy, up to the weight of all samples; else null. Must outlive
///                 the search, as `features`
std::unique_ptr<SplitSearch> make_split_search(const TreeOptions& options,
                                               const BinnedFeatures& features,
                                               const EntropyTable* entropy);

/// The same score that the search gives a split with these class weights on either side.
SplitScore split_score(std::span<const std::int64_t> left, std::span<const std::int64_t> right,
                       const EntropyTable* entropy);

/// Impurity times weight of a node with these class weights.
double weighted_impurity(std::span<const std::int64_t> totals, std::int64_t weight,
                         const EntropyTable* entropy);

}  // namespace thimble::classical
