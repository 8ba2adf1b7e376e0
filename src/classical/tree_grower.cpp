#include "classical/tree_grower.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "classical/subtree_grower.hpp"

namespace thimble::classical {
namespace {

/// Parts of a tree with fewer samples are grown whole, side by side on several threads.
constexpr std::size_t kPartSamples = 2048;
constexpr std::size_t kMostClasses = 65535;

/// Puts the part grown below `cut` in its place.
void graft(const SubtreeGrower::CutOff& cut, const Trees& part, Trees& tree) {
  tree.append(part);
  const Branch branch = tree.roots.back();
  tree.roots.pop_back();
  if (cut.node.parent < 0) {
    tree.roots[0] = branch;
    return;
  }
  TreeNode& parent = tree.nodes[static_cast<std::size_t>(cut.node.parent)];
  (cut.node.is_left ? parent.left : parent.right) = branch;
}

/// Positions of the parts, the largest first, so that no thread is left with a large one at the
/// end.
std::vector<std::size_t> largest_first(const std::vector<SubtreeGrower::CutOff>& parts) {
  std::vector<std::size_t> order(parts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](std::size_t part) { return parts[part].node.samples.size(); });
  return order;
}

}  // namespace

TreeGrower::TreeGrower(const BinnedFeatures& features, std::span<const std::int32_t> labels,
                       std::size_t classes, const TreeOptions& options)
    : features_(features), labels_(labels), classes_(classes), options_(options) {
  if (labels.empty()) throw DataError("trees: no training samples");
  if (labels.size() > static_cast<std::size_t>(kLargestWeight)) {
    throw DataError(fmt::format("trees: {} samples, at most {}", labels.size(), kLargestWeight));
  }
  if (classes > kMostClasses) {
    throw DataError(fmt::format("trees: {} classes, at most {}", classes, kMostClasses));
  }
}

GrownTree TreeGrower::grow(std::span<const std::uint16_t> weights, std::uint64_t key, bool in_parts,
                           const GrowthProgress& progress) const {
  std::vector<TreeSample> samples;
  samples.reserve(labels_.size());
  std::int64_t total_weight = 0;
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    const std::uint16_t weight = weights.empty() ? std::uint16_t{1} : weights[i];
    if (weight == 0) continue;
    samples.push_back(
        {static_cast<std::uint32_t>(i), static_cast<std::uint16_t>(labels_[i]), weight});
    total_weight += weight;
  }
  if (samples.empty()) throw DataError("trees: no sample has a weight");
  if (total_weight > kLargestWeight) {
    throw DataError(
        fmt::format("trees: samples of weight {}, at most {}", total_weight, kLargestWeight));
  }
  std::optional<EntropyTable> entropy;
  if (options_.criterion == Criterion::entropy) {
    entropy.emplace(static_cast<std::size_t>(total_weight));
  }

  const GrowthPlan plan{features_,    classes_, options_, entropy ? &*entropy : nullptr,
                        total_weight, progress};
  SubtreeGrower top(plan);
  const OpenNode root{samples, 0, key, -1, false};
  top.grow(root, FeatureSet((features_.dims() + 63) / 64), in_parts ? kPartSamples : 0);

  const std::vector<SubtreeGrower::CutOff>& parts = top.cut_off();
  std::vector<GrownTree> grown(parts.size());
  const std::vector<std::size_t> order = largest_first(parts);
  parallel_tasks(parts.size(), [&](std::size_t task) {
    const SubtreeGrower::CutOff& part = parts[order[task]];
    SubtreeGrower grower(plan);
    grower.grow(part.node, part.constant, 0);
    grown[order[task]] = {std::move(grower.tree()), std::move(grower.importances())};
  });
  GrownTree result{std::move(top.tree()), std::move(top.importances())};
  for (std::size_t part = 0; part < parts.size(); ++part) {
    graft(parts[part], grown[part].tree, result.tree);
    for (std::size_t j = 0; j < result.importances.size(); ++j) {
      result.importances[j] += grown[part].importances[j];
    }
  }
  return result;
}

}  // namespace thimble::classical
