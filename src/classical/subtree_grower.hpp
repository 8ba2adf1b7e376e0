// Growing the part of a tree below one node.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "classical/feature_draw.hpp"
#include "classical/node_samples.hpp"
#include "classical/split_search.hpp"
#include "classical/tree_grower.hpp"

namespace thimble::classical {

/// A node that is still to be grown.
struct OpenNode {
  std::span<TreeSample> samples;
  std::size_t depth;
  std::uint64_t key;    ///< seed of what is drawn at random here and below
  std::int64_t parent;  ///< index of the node that branches here; -1: none
  bool is_left;
};

/// The key of a node's left or right child.
inline std::uint64_t child_key(std::uint64_t key, bool left) { return mix64(key + (left ? 1 : 2)); }

/// A feature is a bit; set where all samples have one value, so that nobody need look below.
using FeatureSet = std::vector<std::uint64_t>;

/// What all parts of one tree share.
struct GrowthPlan {
  const BinnedFeatures& features;
  std::size_t classes;
  const TreeOptions& options;
  const EntropyTable* entropy;  ///< null: gini
  std::int64_t weight;          ///< of all samples of the tree
  const GrowthProgress& progress;
};

/// Grows nodes depth first and keeps them, until a part is cut off or complete.
class SubtreeGrower {
 public:
  explicit SubtreeGrower(const GrowthPlan& plan);

  /// Grows all that is below `root`; nodes of fewer than `cut_below` samples are left to
  /// the caller, in cut_off().
  /// @param constant  features known to be constant in `root`
  void grow(const OpenNode& root, const FeatureSet& constant, std::size_t cut_below);

  struct CutOff {
    OpenNode node;
    FeatureSet constant;
  };
  const std::vector<CutOff>& cut_off() const { return cut_off_; }

  Trees& tree() { return tree_; }
  std::vector<double>& importances() { return importances_; }

 private:
  void attach(const OpenNode& node, Branch branch);
  bool must_be_leaf(const OpenNode& node) const;
  Branch make_leaf();
  Split choose_split(const OpenNode& node);
  Split find_split(const OpenNode& node);
  void look_at(const OpenNode& node, std::span<const std::uint32_t> features, Split& best);
  void split(const OpenNode& node, const Split& split);

  GrowthPlan plan_;
  Trees tree_;
  std::vector<double> importances_;
  std::vector<CutOff> cut_off_;
  std::vector<OpenNode> open_;
  /// constant_[d]: known at the node of depth d that was grown last, after looking at it. Its
  /// children, and theirs, read it before another node of that depth is grown.
  std::vector<FeatureSet> constant_;
  std::size_t first_depth_ = 0;
  NodeSamples samples_;
  FeatureDraw draw_;
  std::vector<std::unique_ptr<SplitSearch>> searches_;  ///< one a thread
  std::vector<std::uint32_t> candidates_;
  std::vector<std::uint8_t> candidate_constant_;
  std::vector<TreeSample> right_;
};

}  // namespace thimble::classical
