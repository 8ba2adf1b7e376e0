#include "classical/forest.hpp"

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "nn/threads.hpp"
#include "random_samples.hpp"

namespace thimble::classical {
namespace {

Progress quiet;

/// Four classes, each brighter in its own pair of eight features.
ByteSamples noisy_samples(std::size_t n = 600) {
  ByteSamples samples;
  samples.d = 8;
  samples.classes = 4;
  Random random(2);
  for (std::size_t i = 0; i < n; ++i) {
    samples.labels.push_back(static_cast<std::int32_t>(random.below(4)));
    for (std::size_t j = 0; j < samples.d; ++j) {
      const bool bright = j / 2 == static_cast<std::size_t>(samples.labels[i]);
      samples.bytes.push_back(static_cast<std::uint8_t>(random.below(150) + (bright ? 60 : 0)));
    }
  }
  return samples;
}

ForestOptions options_of(std::size_t trees) {
  ForestOptions options;
  options.n_estimators = trees;
  options.tree.max_features = 2;
  return options;
}

TEST(Forest, DrawsAsManySamplesAsAskedFor) {
  const auto weights = bootstrap_weights(1000, 700, 1, 0);
  EXPECT_EQ(std::accumulate(weights.begin(), weights.end(), 0), 700);
  EXPECT_NE(weights, bootstrap_weights(1000, 700, 1, 1));
  EXPECT_NE(weights, bootstrap_weights(1000, 700, 2, 0));
  EXPECT_EQ(weights, bootstrap_weights(1000, 700, 1, 0));
  // With as many draws as samples, one in e is left out.
  const auto all = bootstrap_weights(10000, 10000, 1, 0);
  EXPECT_NEAR(static_cast<double>(std::ranges::count(all, 0)), 10000 / 2.71828, 150);
}

TEST(Forest, ScoresOutOfTheBagAsDefined) {
  const ByteSamples samples = noisy_samples();
  const Features features = samples.features();
  ForestOptions options = options_of(7);
  options.oob_score = true;
  const Forest forest = grow_forest({features, samples.labels, 4}, options, 11, quiet);

  std::vector<std::vector<std::uint16_t>> weights;
  for (std::size_t tree = 0; tree < 7; ++tree)
    weights.push_back(bootstrap_weights(600, 600, 11, tree));
  int asked = 0;
  int right = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    std::vector<double> votes(4);
    for (std::size_t tree = 0; tree < 7; ++tree) {
      if (weights[tree][i] > 0) continue;
      std::vector<float> leaf(4);
      forest.trees.add_leaf(forest.trees.leaf_of(tree, &samples.bytes[i * samples.d]), leaf.data());
      for (std::size_t c = 0; c < 4; ++c) votes[c] += leaf[c];
    }
    if (std::accumulate(votes.begin(), votes.end(), 0.0) == 0) continue;
    ++asked;
    right += std::ranges::max_element(votes) - votes.begin() == samples.labels[i];
  }
  ASSERT_TRUE(forest.oob_score.has_value());
  EXPECT_LT(asked, 600);  // a few were seen by all seven trees
  EXPECT_DOUBLE_EQ(*forest.oob_score, static_cast<double>(right) / asked);
  EXPECT_GT(*forest.oob_score, 0.5);
}

TEST(Forest, HasNoScoreWhereNothingIsLeftOut) {
  ByteSamples samples;
  samples.bytes = {3};
  samples.labels = {1};
  ForestOptions options = options_of(3);
  options.oob_score = true;
  const Features features = samples.features();
  EXPECT_FALSE(grow_forest({features, samples.labels, 2}, options, 1, quiet).oob_score);
}

TEST(Forest, IsTheSameWithAnyNumberOfThreads) {
  const ByteSamples samples = noisy_samples();
  const Features features = samples.features();
  for (const auto splitter : {Splitter::best, Splitter::random}) {
    ForestOptions options = options_of(9);
    options.tree.splitter = splitter;
    options.oob_score = true;
    std::optional<Forest> first;
    for (const int threads : {1, 2, 5}) {
      const nn::WithThreads with(threads);
      Forest forest = grow_forest({features, samples.labels, 4}, options, 3, quiet);
      std::vector<float> out(samples.size() * 4);
      forest.trees.predict_proba(features, out);
      if (!first) first = forest;
      EXPECT_EQ(first->trees.roots, forest.trees.roots);
      EXPECT_EQ(first->importances, forest.importances);
      EXPECT_EQ(first->oob_score, forest.oob_score);
      std::vector<float> expected(out.size());
      first->trees.predict_proba(features, expected);
      EXPECT_EQ(expected, out);
    }
  }
}

TEST(Forest, DependsOnTheSeed) {
  const ByteSamples samples = noisy_samples();
  const Features features = samples.features();
  const Samples train{features, samples.labels, 4};
  EXPECT_NE(grow_forest(train, options_of(2), 1, quiet).importances,
            grow_forest(train, options_of(2), 2, quiet).importances);
}

RC_GTEST_PROP(Forest, ImportancesAndProbabilitiesSumToOne, ()) {
  const ByteSamples samples = any_samples();
  const Features features = samples.features();
  ForestOptions options = options_of(3);
  options.bootstrap = *rc::gen::arbitrary<bool>();
  options.oob_score = options.bootstrap;
  options.max_samples = *rc::gen::inRange<std::size_t>(0, samples.size() + 1);
  options.tree.splitter = *rc::gen::element(Splitter::best, Splitter::random);
  const Forest forest = grow_forest({features, samples.labels, samples.classes}, options, 1, quiet);
  const double sum = std::accumulate(forest.importances.begin(), forest.importances.end(), 0.0);
  // Where no single split lessens the impurity (as in "exclusive or" cut in half) there is none.
  RC_ASSERT(sum == 0 || std::abs(sum - 1) < 1e-9);
  if (forest.trees.nodes.empty()) RC_ASSERT(sum == 0);
  std::vector<float> out(samples.size() * samples.classes);
  forest.trees.predict_proba(features, out);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto row = std::span(out).subspan(i * samples.classes, samples.classes);
    RC_ASSERT(std::abs(std::accumulate(row.begin(), row.end(), 0.0) - 1) < 1e-5);
  }
}

TEST(Forest, FindsTheFeaturesThatMatter) {
  ByteSamples samples = noisy_samples();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples.bytes[i * samples.d + 5] = static_cast<std::uint8_t>(samples.labels[i] * 60);
  }
  const Features features = samples.features();
  const Forest tree = grow_tree({features, samples.labels, 4}, {}, 1, quiet);
  EXPECT_EQ(tree.importances[5], 1);
  EXPECT_EQ(tree.trees.nodes.size(), 3u);
}

TEST(Forest, StopsWhenAskedTo) {
  class Impatient : public Progress {
   public:
    bool stop_requested() const override { return true; }
  } impatient;
  const ByteSamples samples = noisy_samples();
  const Features features = samples.features();
  const Samples train{features, samples.labels, 4};
  EXPECT_THROW((void)grow_forest(train, options_of(5), 1, impatient), Cancelled);
  EXPECT_THROW((void)grow_tree(train, {}, 1, impatient), Cancelled);
}

}  // namespace
}  // namespace thimble::classical
