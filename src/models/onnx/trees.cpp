// Trees, forests and boosted trees.

#include <fmt/format.h>

#include "base/error.hpp"
#include "models/boost.hpp"
#include "models/onnx/features.hpp"
#include "models/onnx/operators.hpp"
#include "models/onnx/tree_ensemble.hpp"
#include "models/trees_estimator.hpp"

namespace thimble {
namespace {

using classical::Branch;
using classical::TreeNode;
using classical::Trees;

void add_leaf(TreeEnsemble& ensemble, const Trees& trees, Branch branch) {
  std::vector<float> shares(trees.classes());
  trees.add_leaf(branch, shares.data());
  ensemble.leaf();
  for (std::size_t c = 0; c < shares.size(); ++c) {
    if (shares[c] != 0) ensemble.value(c, shares[c]);
  }
}

/// Adds a tree, level by level.
void add_tree(TreeEnsemble& ensemble, const Trees& trees, Branch root) {
  ensemble.begin_tree();
  std::vector<Branch> order{root};
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (classical::is_leaf(order[i])) {
      add_leaf(ensemble, trees, order[i]);
      continue;
    }
    // A file's branches might share nodes, and unfold without end.
    if (order.size() > 2 * trees.nodes.size() + 1) {
      throw DataError("trees: branches that share nodes cannot be exported to ONNX");
    }
    const TreeNode& node = trees.nodes[static_cast<std::size_t>(order[i])];
    const auto next = static_cast<std::int64_t>(order.size());
    order.push_back(node.left);
    order.push_back(node.right);
    ensemble.branch(node.feature, node.threshold, next, next + 1);
  }
}

void add_boosted_tree(TreeEnsemble& ensemble, const classical::BoostedTrees& trees,
                      std::size_t tree) {
  const classical::TreeArrays& arrays = trees.arrays();
  ensemble.begin_tree();
  const auto begin = static_cast<std::size_t>(arrays.first_node[tree]);
  const auto end = static_cast<std::size_t>(arrays.first_node[tree + 1]);
  for (std::size_t i = begin; i < end; ++i) {
    if (arrays.feature[i] < 0) {
      ensemble.leaf();
      ensemble.value(tree % trees.outputs(), arrays.value[i]);
    } else {
      ensemble.branch(static_cast<std::size_t>(arrays.feature[i]), arrays.value[i], arrays.left[i],
                      arrays.left[i] + 1);
    }
  }
}

}  // namespace

std::string TreesEstimator::to_onnx(onnx::ModelBuilder& builder, OnnxFeatures& features,
                                    std::size_t) const {
  const Trees& trees = forest_.trees;
  TreeEnsemble ensemble(TreeEnsemble::Mode::less_or_equal, trees.classes());
  for (const Branch root : trees.roots) add_tree(ensemble, trees, root);
  const std::string samples = bytes_ ? features.byte_values() : features.values();
  const std::string sums = ensemble.add_to(builder, samples, 0);
  if (trees.size() == 1) return sums;
  const float share = 1.0F / static_cast<float>(trees.size());
  return builder.node("Mul", {sums, builder.scalar("share", share)});
}

std::string BoostEstimator::to_onnx(onnx::ModelBuilder& builder, OnnxFeatures& features,
                                    std::size_t classes) const {
  const classical::BoostedTrees& trees = model_.trees;
  TreeEnsemble ensemble(TreeEnsemble::Mode::less, trees.outputs());
  for (std::size_t tree = 0; tree < trees.trees(); ++tree) add_boosted_tree(ensemble, trees, tree);
  if (trees.trees() == 0) {
    // Only one class has samples.
    ensemble.begin_tree();
    ensemble.leaf();
    ensemble.value(0, 0);
  }
  const std::string margins = ensemble.add_to(builder, features.values(), trees.base_score());
  return softmax_over(builder, margins, model_.classes, classes);
}

}  // namespace thimble
