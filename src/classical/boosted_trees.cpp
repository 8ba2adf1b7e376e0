#include "classical/boosted_trees.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"

namespace thimble::classical {
namespace {

/// Samples that go through one tree after another while its nodes and their features stay in the
/// cache.
constexpr std::size_t kBlock = 64;
/// Samples that walk down a tree side by side: each step waits for memory, but not for the others.
constexpr std::size_t kWalkers = 8;
/// Largest leaf: 2^31 of them still have a sum.
constexpr float kLargestLeaf = 1e25F;

void check_node(const TreeArrays& arrays, std::int32_t begin, std::int32_t end, std::int32_t node,
                std::size_t dims) {
  const auto i = static_cast<std::size_t>(node);
  const std::int32_t feature = arrays.feature[i];
  const float value = arrays.value[i];
  if (!std::isfinite(value) || (feature < 0 && std::abs(value) > kLargestLeaf)) {
    throw DataError(fmt::format("boosted trees: node {} holds {}", node, value));
  }
  if (feature < -1 || feature >= static_cast<std::int64_t>(dims)) {
    throw DataError(
        fmt::format("boosted trees: node {} asks about feature {} of {}", node, feature, dims));
  }
  const std::int64_t left = arrays.left[i];
  // Children after their parent: every walk ends.
  const bool fits = feature < 0 ? left == 0 : left > node - begin && left + 1 < end - begin;
  if (!fits) {
    throw DataError(fmt::format("boosted trees: node {} of {} in its tree has its children at {}",
                                node - begin, end - begin, left));
  }
}

void check(const TreeArrays& arrays, std::size_t outputs, std::size_t dims, float base_score) {
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
  const std::size_t nodes = arrays.feature.size();
  if (nodes > kMost || dims == 0 || dims > kMost) {
    throw DataError(fmt::format("boosted trees: {} nodes and {} features", nodes, dims));
  }
  if (!(std::abs(base_score) <= kLargestLeaf)) {
    throw DataError(fmt::format("boosted trees: a base score of {}", base_score));
  }
  if (arrays.value.size() != nodes || arrays.left.size() != nodes) {
    throw DataError(fmt::format("boosted trees: {} features, {} values and {} children", nodes,
                                arrays.value.size(), arrays.left.size()));
  }
  const std::vector<std::int32_t>& first = arrays.first_node;
  if (first.empty() || first.front() != 0 || first.back() != static_cast<std::int64_t>(nodes) ||
      std::adjacent_find(first.begin(), first.end(), std::greater_equal<>()) != first.end()) {
    throw DataError(fmt::format("boosted trees: the trees do not fill the {} nodes", nodes));
  }
  if (outputs == 0 || (first.size() - 1) % outputs != 0) {
    throw DataError(
        fmt::format("boosted trees: {} trees for {} classes", first.size() - 1, outputs));
  }
  for (std::size_t t = 0; t + 1 < first.size(); ++t) {
    for (std::int32_t node = first[t]; node < first[t + 1]; ++node) {
      check_node(arrays, first[t], first[t + 1], node, dims);
    }
  }
}

}  // namespace

BoostedTrees::BoostedTrees(TreeArrays arrays, std::size_t outputs, std::size_t dims,
                           float base_score)
    : arrays_(std::move(arrays)), outputs_(outputs), dims_(dims), base_score_(base_score) {
  check(arrays_, outputs, dims, base_score);
  steps_.resize(arrays_.feature.size());
  for (std::size_t t = 0; t < trees(); ++t) {
    const std::int32_t begin = arrays_.first_node[t];
    for (std::int32_t node = begin; node < arrays_.first_node[t + 1]; ++node) {
      const auto i = static_cast<std::size_t>(node);
      const bool leaf = arrays_.feature[i] < 0;
      steps_[i] = leaf ? Step{std::numeric_limits<float>::quiet_NaN(), 0, node}
                       : Step{arrays_.value[i], arrays_.feature[i], begin + arrays_.left[i]};
    }
  }
}

std::size_t BoostedTrees::leaves() const {
  return static_cast<std::size_t>(std::count(arrays_.feature.begin(), arrays_.feature.end(), -1));
}

void BoostedTrees::margins(const Features& features, std::span<float> out) const {
  if (features.dims() != dims_) {
    throw ShapeError(
        fmt::format("boosted trees: {} features, expected {}", features.dims(), dims_));
  }
  if (out.size() != features.size() * outputs_) {
    throw ShapeError(fmt::format("boosted trees: room for {} margins, expected {}", out.size(),
                                 features.size() * outputs_));
  }
  std::fill(out.begin(), out.end(), base_score_);
  const std::size_t blocks = (features.size() + kBlock - 1) / kBlock;
  parallel_tasks(blocks, [&](std::size_t block) {
    const std::size_t begin = block * kBlock;
    const std::size_t count = std::min(kBlock, features.size() - begin);
    float* margins = out.data() + begin * outputs_;
    if (features.is_bytes()) {
      add_trees(features.bytes().data() + begin * dims_, count, features.scale(), margins);
    } else {
      add_trees(features.values().data() + begin * dims_, count, 1.0F, margins);
    }
  });
}

template <class Value>
void BoostedTrees::add_trees(const Value* rows, std::size_t count, float scale, float* out) const {
  for (std::size_t t = 0; t < trees(); ++t) {
    const std::int32_t root = arrays_.first_node[t];
    float* margin = out + t % outputs_;
    for (std::size_t begin = 0; begin < count; begin += kWalkers) {
      // The last walkers of a block may all stand for its last sample.
      std::array<const Value*, kWalkers> row;
      std::array<std::int32_t, kWalkers> node;
      node.fill(root);
      for (std::size_t w = 0; w < kWalkers; ++w) {
        row[w] = rows + std::min(begin + w, count - 1) * dims_;
      }
      for (bool moved = true; moved;) {
        std::int32_t change = 0;
        for (std::size_t w = 0; w < kWalkers; ++w) {
          const Step& step = steps_[static_cast<std::size_t>(node[w])];
          const float value = static_cast<float>(row[w][step.feature]) * scale;
          const std::int32_t next = step.left + (value >= step.threshold ? 1 : 0);
          change |= next ^ node[w];
          node[w] = next;
        }
        moved = change != 0;
      }
      for (std::size_t w = 0; w < std::min(kWalkers, count - begin); ++w) {
        margin[(begin + w) * outputs_] += arrays_.value[static_cast<std::size_t>(node[w])];
      }
    }
  }
}

void softmax(std::span<float> margins) {
  const float largest = *std::max_element(margins.begin(), margins.end());
  double sum = 0;
  for (float& margin : margins) {
    margin = std::exp(margin - largest);
    sum += static_cast<double>(margin);
  }
  for (float& margin : margins) margin /= static_cast<float>(sum);
}

}  // namespace thimble::classical
