#include "classical/tree.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"

namespace thimble::classical {
namespace {

/// Samples that go down a tree together: while one waits for memory, the others step on.
constexpr std::size_t kTogether = 16;
/// Samples whose features stay in the cache while all trees see them.
constexpr std::size_t kSampleBlock = 256;

constexpr double kSumTolerance = 1e-4;

Branch shifted(Branch branch, std::size_t nodes, std::size_t rows, std::size_t classes) {
  if (!is_leaf(branch)) return branch + static_cast<Branch>(nodes);
  return leaf_row(branch) < classes ? branch : leaf_branch(leaf_row(branch) + rows);
}

/// The leaves of one tree for up to kTogether samples.
template <class Value>
void find_leaves(const Trees& trees, std::size_t tree, const Value* samples, std::size_t count,
                 Branch* leaves) {
  const std::size_t d = trees.dims();
  const TreeNode* nodes = trees.nodes.data();
  std::fill_n(leaves, count, trees.roots[tree]);
  if (is_leaf(trees.roots[tree])) return;
  for (Branch deepest = 0; deepest >= 0;) {
    deepest = -1;
    // Without a branch: those that have arrived look at the first node and stay where they are.
    for (std::size_t i = 0; i < count; ++i) {
      const Branch here = leaves[i];
      const TreeNode& node = nodes[std::max(here, Branch{0})];
      const bool low = static_cast<float>(samples[i * d + node.feature]) <= node.threshold;
      // Half of all guesses at a "?:" would be wrong.
      const Branch next = node.right ^ ((node.left ^ node.right) & -static_cast<Branch>(low));
      leaves[i] = here < 0 ? here : next;
      deepest = std::max(deepest, leaves[i]);
    }
  }
}

template <class Value>
void predict_block(const Trees& trees, const Value* samples, std::size_t count, float* out) {
  const std::size_t classes = trees.classes();
  std::fill_n(out, count * classes, 0.0f);
  std::array<Branch, kTogether> leaves;
  for (std::size_t tree = 0; tree < trees.size(); ++tree) {
    for (std::size_t begin = 0; begin < count; begin += kTogether) {
      const std::size_t some = std::min(kTogether, count - begin);
      find_leaves(trees, tree, samples + begin * trees.dims(), some, leaves.data());
      for (std::size_t i = 0; i < some; ++i) trees.add_leaf(leaves[i], out + (begin + i) * classes);
    }
  }
  const float share = 1.0f / static_cast<float>(trees.size());
  if (trees.size() > 1) {
    for (std::size_t i = 0; i < count * classes; ++i) out[i] *= share;
  }
}

void check_branch(Branch branch, std::size_t first, std::size_t nodes, std::size_t rows,
                  const std::string& where) {
  if (is_leaf(branch)) {
    if (leaf_row(branch) >= rows) {
      throw DataError(fmt::format("{} leads to leaf {}, of {}", where, leaf_row(branch), rows));
    }
  } else if (static_cast<std::size_t>(branch) < first ||
             static_cast<std::size_t>(branch) >= nodes) {
    throw DataError(fmt::format("{} leads to node {}, expected {} to {}", where, branch, first,
                                nodes == 0 ? 0 : nodes - 1));
  }
}

void check_distributions(const std::vector<float>& rows, std::size_t classes,
                         const std::string& place) {
  for (std::size_t row = 0; row * classes < rows.size(); ++row) {
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      const float p = rows[row * classes + c];
      if (!(p >= 0 && p <= 1)) {
        throw DataError(fmt::format("{}: leaf {} has the probability {}", place, row, p));
      }
      sum += p;
    }
    if (std::abs(sum - 1) > kSumTolerance) {
      throw DataError(fmt::format("{}: the probabilities of leaf {} sum to {}", place, row, sum));
    }
  }
}

}  // namespace

Trees::Trees(std::size_t dims, std::size_t classes, std::vector<TreeNode> nodes_read,
             std::vector<Branch> roots_read, std::vector<float> distributions_read,
             const std::string& place)
    : nodes(std::move(nodes_read)),
      roots(std::move(roots_read)),
      distributions(std::move(distributions_read)),
      dims_(dims),
      classes_(classes) {
  if (roots.empty()) throw DataError(place + ": no tree");
  if (classes == 0 || distributions.size() % classes != 0) {
    throw DataError(
        fmt::format("{}: {} probabilities for {} classes", place, distributions.size(), classes));
  }
  const std::size_t rows = classes + distributions.size() / classes;
  for (std::size_t tree = 0; tree < roots.size(); ++tree) {
    check_branch(roots[tree], 0, nodes.size(), rows, fmt::format("{}: tree {}", place, tree));
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::string where = fmt::format("{}: node {}", place, i);
    if (nodes[i].feature >= dims) {
      throw DataError(fmt::format("{} asks for feature {}, of {}", where, nodes[i].feature, dims));
    }
    if (!std::isfinite(nodes[i].threshold)) throw DataError(where + " has no finite threshold");
    check_branch(nodes[i].left, i + 1, nodes.size(), rows, where);
    check_branch(nodes[i].right, i + 1, nodes.size(), rows, where);
  }
  check_distributions(distributions, classes, place);
}

void Trees::append(const Trees& other) {
  constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<Branch>::max());
  if (nodes.size() + other.nodes.size() > kMost) {
    throw DataError(fmt::format("trees: more than {} nodes", kMost));
  }
  const std::size_t first_node = nodes.size();
  const std::size_t first_row = distributions.size() / classes_;
  const auto moved = [&](Branch branch) {
    return shifted(branch, first_node, first_row, classes_);
  };
  for (TreeNode node : other.nodes) {
    node.left = moved(node.left);
    node.right = moved(node.right);
    nodes.push_back(node);
  }
  for (const Branch root : other.roots) roots.push_back(moved(root));
  distributions.insert(distributions.end(), other.distributions.begin(), other.distributions.end());
}

std::size_t Trees::depth() const {
  // Children come after their parents.
  std::vector<std::size_t> above(nodes.size());
  std::size_t deepest = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    deepest = std::max(deepest, above[i] + 1);
    for (const Branch child : {nodes[i].left, nodes[i].right}) {
      if (is_leaf(child)) continue;
      std::size_t& depth = above[static_cast<std::size_t>(child)];
      depth = std::max(depth, above[i] + 1);
    }
  }
  return deepest;
}

void Trees::add_leaf(Branch leaf, float* sums) const {
  const std::size_t row = leaf_row(leaf);
  if (row < classes_) {
    sums[row] += 1.0f;
    return;
  }
  const float* distribution = &distributions[(row - classes_) * classes_];
  for (std::size_t c = 0; c < classes_; ++c) sums[c] += distribution[c];
}

void Trees::predict_proba(const Features& features, std::span<float> out) const {
  if (features.dims() != dims_) {
    throw ShapeError(fmt::format("trees: {} features, expected {}", features.dims(), dims_));
  }
  const std::size_t n = features.size();
  const std::size_t blocks = (n + kSampleBlock - 1) / kSampleBlock;
  parallel_tasks(blocks, [&](std::size_t block) {
    const std::size_t begin = block * kSampleBlock;
    const std::size_t count = std::min(kSampleBlock, n - begin);
    float* block_out = out.data() + begin * classes_;
    if (features.is_bytes()) {
      predict_block(*this, features.bytes().data() + begin * dims_, count, block_out);
    } else {
      predict_block(*this, features.values().data() + begin * dims_, count, block_out);
    }
  });
}

}  // namespace thimble::classical
