// Decision trees, grown: asking questions of the form "feature j <= t" until a leaf says the class.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "classical/features.hpp"

namespace thimble::classical {

/// Where a branch leads: another node (its index, >= 0) or a leaf. Leaves need no memory of their
/// own while all their samples are of one class, as most are in trees of full depth.
using Branch = std::int32_t;

/// The leaf whose class probabilities are `row`: rows below the number of classes stand for
/// certainty of that class, others are Trees::distributions.
constexpr Branch leaf_branch(std::size_t row) { return ~static_cast<Branch>(row); }
constexpr bool is_leaf(Branch branch) { return branch < 0; }
constexpr std::size_t leaf_row(Branch branch) { return static_cast<std::size_t>(~branch); }

struct TreeNode {
  std::uint32_t feature;
  float threshold;  ///< in units of the features; of 8-bit ones the byte
  Branch left;      ///< for values <= threshold
  Branch right;
};

/// One or more trees over the same features and classes, whose probabilities are averaged.
class Trees {
 public:
  Trees() = default;
  Trees(std::size_t dims, std::size_t classes) : dims_(dims), classes_(classes) {}
  /// Trees from a file.
  /// @throws DataError  naming `place`, if a feature or a leaf's row does not exist, a branch does
  ///                    not lead to a later node (so that a walk might not end), or a row of
  ///                    `distributions` is not made of probabilities
  Trees(std::size_t dims, std::size_t classes, std::vector<TreeNode> nodes,
        std::vector<Branch> roots, std::vector<float> distributions, const std::string& place);

  /// Takes over the trees of another object over the same features and classes.
  /// @throws DataError  if there are more nodes than a Branch can name
  void append(const Trees& other);

  std::size_t dims() const { return dims_; }
  std::size_t classes() const { return classes_; }
  std::size_t size() const { return roots.size(); }
  std::size_t leaf_count() const { return nodes.size() + roots.size(); }
  /// Questions on the longest way of any tree.
  std::size_t depth() const;

  /// The leaf that a sample ends in.
  template <class Value>
  Branch leaf_of(std::size_t tree, const Value* sample) const {
    Branch branch = roots[tree];
    while (!is_leaf(branch)) {
      const TreeNode& node = nodes[static_cast<std::size_t>(branch)];
      branch = static_cast<float>(sample[node.feature]) <= node.threshold ? node.left : node.right;
    }
    return branch;
  }
  /// Adds a leaf's class probabilities to `sums`, float32 [classes].
  void add_leaf(Branch leaf, float* sums) const;

  /// Mean class probabilities of all trees.
  /// @param out  float32 [features.size(), classes]
  /// @throws ShapeError  if features.dims() is not dims()
  void predict_proba(const Features& features, std::span<float> out) const;

  std::vector<TreeNode> nodes;       ///< of all trees; branches lead to later nodes only
  std::vector<Branch> roots;         ///< one a tree
  std::vector<float> distributions;  ///< float32 [rows, classes], rows sum to 1

 private:
  std::size_t dims_ = 0;
  std::size_t classes_ = 0;
};

}  // namespace thimble::classical
