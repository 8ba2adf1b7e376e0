// Growing one classification tree, top-down (CART: Breiman, Friedman, Olshen, Stone, 1984).

#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "classical/binned_features.hpp"
#include "classical/tree.hpp"
#include "classical/tree_options.hpp"

namespace thimble::classical {

/// A tree and what its growing told of the features.
struct GrownTree {
  Trees tree;
  /// Total decrease of impurity by splits on each feature, double [d]; not normalised.
  std::vector<double> importances;
};

/// Told how many more samples have reached their leaf; called from several threads. May throw
/// (Cancelled) to end the work.
using GrowthProgress = std::function<void(std::size_t samples)>;

/// Grows trees on the same features and labels.
///
/// Thread safety: grow() may be called from several threads at once.
class TreeGrower {
 public:
  /// @param features  must outlive this, as must `labels`
  /// @param labels    int32 [n], in [0, classes)
  /// @throws DataError  without samples, or with more samples or classes than trees can count
  TreeGrower(const BinnedFeatures& features, std::span<const std::int32_t> labels,
             std::size_t classes, const TreeOptions& options);

  /// The tree depends on the arguments and the options alone, not on the number of threads.
  /// @param weights   uint16 [n], how often each sample counts, 0 for not at all; empty: all once
  /// @param key       seed of all that is drawn at random
  /// @param in_parts  share the work among the threads; else it is done by the calling one, as is
  ///                  better when several trees are grown side by side. Only the order of the
  ///                  nodes in memory depends on it
  /// @throws DataError  if no sample has a weight, or their sum is more than trees can count
  GrownTree grow(std::span<const std::uint16_t> weights, std::uint64_t key, bool in_parts,
                 const GrowthProgress& progress) const;

 private:
  const BinnedFeatures& features_;
  std::span<const std::int32_t> labels_;
  std::size_t classes_;
  TreeOptions options_;
};

}  // namespace thimble::classical
