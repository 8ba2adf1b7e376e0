// Ensembles of regression trees whose sums, one a class, give the probabilities by a softmax.
//
// Kept as flat arrays that are checked once, so that a model file can hold them as plain tensors
// and predicting needs neither a foreign library nor its parser.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "classical/features.hpp"

namespace thimble::classical {

/// The trees of a gradient boosting, node after node. Tree t belongs to the t % outputs-th output.
struct TreeArrays {
  /// Node at which each tree begins, and where the last one ends: int32 [trees + 1].
  std::vector<std::int32_t> first_node;
  std::vector<std::int32_t> feature;  ///< int32 [nodes]: what a node asks about; -1 in a leaf
  /// float32 [nodes]: samples below it go left, others right; in a leaf what it adds to the margin
  std::vector<float> value;
  /// int32 [nodes]: the left child, counted from the tree's first node; the right one follows it;
  /// 0 in a leaf
  std::vector<std::int32_t> left;
};

/// Boosted trees, ready to predict.
class BoostedTrees {
 public:
  BoostedTrees() = default;
  /// @param outputs     classes that the trees tell apart
  /// @param dims        features of a sample
  /// @param base_score  the margin before the first tree
  /// @throws DataError  if an index leads out of its tree or back in it, a number is not finite, or
  ///                    the sizes do not agree
  BoostedTrees(TreeArrays arrays, std::size_t outputs, std::size_t dims, float base_score);

  std::size_t outputs() const { return outputs_; }
  std::size_t trees() const {
    return arrays_.first_node.empty() ? 0 : arrays_.first_node.size() - 1;
  }
  std::size_t leaves() const;
  const TreeArrays& arrays() const { return arrays_; }
  float base_score() const { return base_score_; }

  /// Sums of the trees' leaves, added in float32 one tree after another, as XGBoost does.
  /// @param out  float32 [features.size(), outputs]
  /// @throws ShapeError  if the features are not `dims` a sample
  void margins(const Features& features, std::span<float> out) const;

 private:
  /// One step of a walk: to `left`, or the node after it where the sample is not below
  /// `threshold`. A leaf leads to itself, as nothing compares with its NaN.
  struct Step {
    float threshold;
    std::int32_t feature;
    std::int32_t left;
  };
  template <class Value>
  void add_trees(const Value* rows, std::size_t count, float scale, float* out) const;

  TreeArrays arrays_;
  std::vector<Step> steps_;
  std::size_t outputs_ = 0;
  std::size_t dims_ = 0;
  float base_score_ = 0;
};

/// exp(margin) / sum of exp(margins), in place, as XGBoost computes it.
void softmax(std::span<float> margins);

}  // namespace thimble::classical
