#include "classical/tree_grower.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "classical/subtree_grower.hpp"
#include "naive_tree.hpp"
#include "nn/threads.hpp"
#include "random_samples.hpp"
#include "temporary_folder.hpp"

namespace thimble::classical {
namespace {

const GrowthProgress kQuiet = [](std::size_t) {};

GrownTree grow(const Features& features, std::span<const std::int32_t> labels, std::size_t classes,
               const TreeOptions& options, std::span<const std::uint16_t> weights = {},
               std::uint64_t key = 1, bool in_parts = true) {
  const BinnedFeatures binned(features);
  return TreeGrower(binned, labels, classes, options).grow(weights, key, in_parts, kQuiet);
}

TreeOptions any_options() {
  TreeOptions options;
  options.criterion = *rc::gen::element(Criterion::gini, Criterion::entropy);
  options.max_depth = *rc::gen::element<std::size_t>(0, 0, 1, 3);
  options.min_samples_leaf = *rc::gen::element<std::size_t>(1, 1, 2, 7);
  options.min_samples_split = *rc::gen::element<std::size_t>(2, 2, 9);
  return options;
}

/// Follows a tree down and asks the naive search at each node for the split it would make.
class Comparison {
 public:
  Comparison(const Trees& tree, const ByteSamples& samples,
             const std::vector<std::uint16_t>& weights, const TreeOptions& options)
      : tree_(tree), samples_(samples), options_(options), search_(samples, weights, options) {}

  void check(Branch branch, const std::vector<std::size_t>& node, std::uint64_t key,
             std::size_t depth) {
    const std::vector<std::int64_t> totals = search_.class_weights(node);
    const auto split = expected_split(node, totals, key, depth);
    RC_ASSERT(is_leaf(branch) == !split.has_value());
    if (!split) {
      check_leaf(branch, totals);
      return;
    }
    const TreeNode& found = tree_.nodes[static_cast<std::size_t>(branch)];
    RC_ASSERT(found.feature == split->feature);
    RC_ASSERT(found.threshold == static_cast<float>((split->left + split->right) / 2));
    std::vector<std::size_t> low;
    std::vector<std::size_t> high;
    for (const std::size_t i : node) {
      (samples_.at(i, split->feature) <= split->left ? low : high).push_back(i);
    }
    check(found.left, low, child_key(key, true), depth + 1);
    check(found.right, high, child_key(key, false), depth + 1);
  }

 private:
  std::optional<NaiveSplit> expected_split(const std::vector<std::size_t>& node,
                                           const std::vector<std::int64_t>& totals,
                                           std::uint64_t key, std::size_t depth) const {
    const bool pure = std::ranges::count_if(totals, [](auto total) { return total > 0; }) == 1;
    if (pure || node.size() < options_.min_samples_split ||
        (options_.max_depth != 0 && depth == options_.max_depth)) {
      return std::nullopt;
    }
    return search_.best(node, key);
  }

  void check_leaf(Branch branch, const std::vector<std::int64_t>& totals) const {
    std::vector<float> found(samples_.classes);
    tree_.add_leaf(branch, found.data());
    double weight = 0;
    for (const std::int64_t total : totals) weight += static_cast<double>(total);
    for (std::size_t c = 0; c < found.size(); ++c) {
      RC_ASSERT(found[c] == static_cast<float>(static_cast<double>(totals[c]) / weight));
    }
  }

  const Trees& tree_;
  const ByteSamples& samples_;
  const TreeOptions& options_;
  NaiveSearch search_;
};

RC_GTEST_PROP(TreeGrower, AgreesWithTryingEveryThresholdOfEveryFeature, ()) {
  const ByteSamples samples = any_samples();
  const TreeOptions options = any_options();
  // Weights above 32,767 altogether leave the 16-bit counters.
  const auto most_weight = *rc::gen::element(1, 3, 5000);
  std::vector<std::uint16_t> weights;
  std::vector<std::size_t> drawn;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    weights.push_back(
        static_cast<std::uint16_t>(most_weight == 1 ? 1 : *rc::gen::inRange(0, most_weight + 1)));
    if (weights[i] > 0) drawn.push_back(i);
  }
  if (drawn.empty()) {
    weights[0] = 1;
    drawn.push_back(0);
  }
  const auto key = *rc::gen::arbitrary<std::uint64_t>();
  const Features features = samples.features();
  const GrownTree grown = grow(features, samples.labels, samples.classes, options, weights, key);
  Comparison(grown.tree, samples, weights, options).check(grown.tree.roots[0], drawn, key, 0);
}

RC_GTEST_PROP(TreeGrower, GrowsTheSameTreeOnFloatsOfFewValues, ()) {
  const ByteSamples samples = any_samples();
  const TreeOptions options = any_options();
  const Features bytes = samples.features();
  const Features floats = samples.floats();
  const GrownTree on_bytes = grow(bytes, samples.labels, samples.classes, options);
  const GrownTree on_floats = grow(floats, samples.labels, samples.classes, options);
  RC_ASSERT(on_bytes.importances == on_floats.importances);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    RC_ASSERT(on_bytes.tree.leaf_of(0, bytes.bytes().data() + i * samples.d) ==
              on_floats.tree.leaf_of(0, floats.values()[i].data()));
  }
}

RC_GTEST_PROP(TreeGrower, ObeysLimitsWithRandomThresholdsToo, ()) {
  const ByteSamples samples = any_samples();
  TreeOptions options = any_options();
  options.splitter = *rc::gen::element(Splitter::best, Splitter::random);
  options.max_features = *rc::gen::inRange<std::size_t>(0, samples.d + 1);
  const Features features = samples.features();
  const GrownTree grown = grow(features, samples.labels, samples.classes, options);
  if (options.max_depth != 0) RC_ASSERT(grown.tree.depth() <= options.max_depth);
  std::map<Branch, std::size_t> leaves;
  // Equal samples share a leaf; pure leaves of one class share a name, so this is no less strict.
  for (std::size_t i = 0; i < samples.size(); ++i) {
    ++leaves[grown.tree.leaf_of(0, features.bytes().data() + i * samples.d)];
  }
  for (const auto& [leaf, count] : leaves) {
    RC_ASSERT(count >= std::min(options.min_samples_leaf, samples.size()));
  }
}

RC_GTEST_PROP(TreeGrower, SeparatesWhatCanBeSeparated, ()) {
  const ByteSamples samples = any_samples();
  TreeOptions options;
  options.splitter = *rc::gen::element(Splitter::best, Splitter::random);
  // One feature a node: constant ones must not keep a node from being split by another.
  options.max_features = *rc::gen::inRange<std::size_t>(0, samples.d + 1);
  const Features features = samples.features();
  const GrownTree grown = grow(features, samples.labels, samples.classes, options);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto row = [&](std::size_t sample) {
      return std::span(samples.bytes).subspan(sample * samples.d, samples.d);
    };
    std::vector<float> expected(samples.classes);
    float equal = 0;
    for (std::size_t other = 0; other < samples.size(); ++other) {
      if (!std::ranges::equal(row(i), row(other))) continue;
      ++expected[static_cast<std::size_t>(samples.labels[other])];
      ++equal;
    }
    // A leaf of several different samples is pure; one of equal ones has their shares.
    std::vector<float> found(samples.classes);
    grown.tree.add_leaf(grown.tree.leaf_of(0, row(i).data()), found.data());
    for (std::size_t c = 0; c < samples.classes; ++c) {
      RC_ASSERT(std::abs(found[c] - expected[c] / equal) < 1e-6f);
    }
  }
}

/// Enough samples that several threads take part.
ByteSamples many_samples() {
  ByteSamples samples;
  samples.d = 40;
  samples.classes = 7;
  Random random(5);
  for (int i = 0; i < 7000; ++i) {
    const auto label = static_cast<std::int32_t>(random.below(7));
    samples.labels.push_back(label);
    for (std::size_t j = 0; j < samples.d; ++j) {
      samples.bytes.push_back(static_cast<std::uint8_t>(
          random.below(200) + (j % 7 == static_cast<std::size_t>(label) ? 30 : 0)));
    }
  }
  return samples;
}

bool same(const Trees& a, const Trees& b) {
  const auto equal = [](const TreeNode& x, const TreeNode& y) {
    return x.feature == y.feature && x.threshold == y.threshold && x.left == y.left &&
           x.right == y.right;
  };
  return std::ranges::equal(a.nodes, b.nodes, equal) && a.roots == b.roots &&
         a.distributions == b.distributions;
}

TEST(TreeGrower, GivesTheSameTreeWithAnyNumberOfThreads) {
  const ByteSamples samples = many_samples();
  const Features features = samples.features();
  for (const auto criterion : {Criterion::gini, Criterion::entropy}) {
    for (const auto splitter : {Splitter::best, Splitter::random}) {
      TreeOptions options{criterion, splitter};
      options.min_samples_leaf = 3;
      std::optional<GrownTree> first;
      for (const int threads : {1, 2, 5}) {
        const nn::WithThreads with(threads);
        GrownTree tree = grow(features, samples.labels, samples.classes, options);
        EXPECT_GT(tree.tree.nodes.size(), 100u);
        if (!first) {
          first = std::move(tree);
          continue;
        }
        EXPECT_TRUE(same(first->tree, tree.tree)) << threads << " threads";
        EXPECT_EQ(first->importances, tree.importances) << threads << " threads";
      }
    }
  }
}

TEST(TreeGrower, GrowsTheSameTreeInPartsAndWhole) {
  const ByteSamples samples = many_samples();
  const Features features = samples.features();
  TreeOptions options;
  options.max_features = 6;
  const Trees parts = grow(features, samples.labels, 7, options, {}, 3, true).tree;
  const Trees whole = grow(features, samples.labels, 7, options, {}, 3, false).tree;
  ASSERT_EQ(parts.nodes.size(), whole.nodes.size());
  // The order of nodes differs: walk both together.
  std::vector<std::pair<Branch, Branch>> open{{parts.roots[0], whole.roots[0]}};
  while (!open.empty()) {
    const auto [a, b] = open.back();
    open.pop_back();
    ASSERT_EQ(is_leaf(a), is_leaf(b));
    if (is_leaf(a)) continue;
    const TreeNode& x = parts.nodes[static_cast<std::size_t>(a)];
    const TreeNode& y = whole.nodes[static_cast<std::size_t>(b)];
    ASSERT_EQ(x.feature, y.feature);
    ASSERT_EQ(x.threshold, y.threshold);
    open.emplace_back(x.left, y.left);
    open.emplace_back(x.right, y.right);
  }
}

TEST(TreeGrower, BreaksTiesByTheKey) {
  // Twenty equal features.
  std::vector<std::uint8_t> bytes;
  for (std::uint8_t value = 1; value <= 4; ++value) bytes.insert(bytes.end(), 20, value);
  const std::vector<std::int32_t> labels{0, 0, 1, 1};
  std::set<std::uint32_t> chosen;
  for (std::uint64_t key = 0; key < 60; ++key) {
    const Trees tree = grow(Features(bytes, 20, 1), labels, 2, {}, {}, key).tree;
    ASSERT_EQ(tree.nodes.size(), 1u);
    EXPECT_EQ(tree.nodes[0].threshold, 2);
    chosen.insert(tree.nodes[0].feature);
  }
  EXPECT_GT(chosen.size(), 12u);
}

TEST(TreeGrower, StopsWhereASplitBringsTooLittle) {
  // Of 8 samples the first split takes half of the impurity, 0.5 in all; the next two the rest.
  const std::vector<std::uint8_t> bytes{0, 0, 0, 1, 1, 1, 2, 2};
  const std::vector<std::int32_t> labels{0, 0, 0, 1, 1, 1, 0, 0};
  TreeOptions options;
  const GrownTree full = grow(Features(bytes, 1, 1), labels, 2, options);
  EXPECT_EQ(full.tree.nodes.size(), 2u);
  const double impurity = 1 - (25.0 + 9.0) / 64;
  EXPECT_NEAR(full.importances[0], impurity, 1e-12);
  options.min_impurity_decrease = 0.4;
  EXPECT_EQ(grow(Features(bytes, 1, 1), labels, 2, options).tree.nodes.size(), 0u);
}

TEST(TreeGrower, TellsHowManySamplesAreDoneAndStopsWhenToldTo) {
  const ByteSamples samples = many_samples();
  const Features features = samples.features();
  const BinnedFeatures binned(features);
  const TreeGrower grower(binned, samples.labels, samples.classes, {});
  std::atomic<std::size_t> done{0};
  (void)grower.grow({}, 1, true, [&](std::size_t count) { done += count; });
  EXPECT_EQ(done, samples.size());
  EXPECT_THROW((void)grower.grow({}, 1, true, [](std::size_t) { throw Cancelled("stopped"); }),
               Cancelled);
}

TEST(TreeGrower, RefusesWhatItCannotGrowOn) {
  const std::vector<std::uint8_t> bytes{1, 2};
  const std::vector<std::int32_t> labels{0, 1};
  const BinnedFeatures binned(Features(bytes, 1, 1));
  EXPECT_THROW(TreeGrower(binned, {}, 2, {}), DataError);
  EXPECT_THROW(TreeGrower(binned, labels, 70000, {}), DataError);
  const TreeGrower grower(binned, labels, 2, {});
  const std::vector<std::uint16_t> none{0, 0};
  EXPECT_THROW((void)grower.grow(none, 1, true, kQuiet), DataError);
}

}  // namespace
}  // namespace thimble::classical
