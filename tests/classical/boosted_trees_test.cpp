#include "classical/boosted_trees.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"
#include "base/random.hpp"

namespace thimble::classical {
namespace {

/// Two outputs, a stump for the first and a lone leaf for the second.
TreeArrays stump() { return {{0, 3, 4}, {1, -1, -1, -1}, {10, 0.5F, -0.25F, 2}, {1, 0, 0, 0}}; }

std::vector<float> margins(const BoostedTrees& trees, const Features& features) {
  std::vector<float> out(features.size() * trees.outputs());
  trees.margins(features, out);
  return out;
}

/// A random tree with children right behind each other, as deep as it happens to get.
void append_random_tree(Random& random, std::size_t dims, TreeArrays& arrays) {
  const auto begin = arrays.feature.size();
  std::size_t open = 1;  // nodes announced, this one included
  for (std::size_t i = 0; i < open; ++i) {
    const bool leaf = open > 40 || random.uniform() < 0.3;
    arrays.feature.push_back(leaf ? -1 : static_cast<std::int32_t>(random.below(dims)));
    arrays.value.push_back(static_cast<float>(leaf ? random.normal() : random.uniform(0, 255)));
    arrays.left.push_back(leaf ? 0 : static_cast<std::int32_t>(open));
    if (!leaf) open += 2;
  }
  arrays.first_node.push_back(static_cast<std::int32_t>(begin + open));
}

TreeArrays random_trees(Random& random, std::size_t trees, std::size_t dims) {
  TreeArrays arrays;
  arrays.first_node.push_back(0);
  for (std::size_t t = 0; t < trees; ++t) append_random_tree(random, dims, arrays);
  return arrays;
}

/// One sample down one tree, as the header defines it.
float walk(const TreeArrays& arrays, std::size_t tree, const float* sample) {
  const auto begin = static_cast<std::size_t>(arrays.first_node[tree]);
  std::size_t node = begin;
  while (arrays.feature[node] >= 0) {
    const bool below = sample[arrays.feature[node]] < arrays.value[node];
    node = begin + static_cast<std::size_t>(arrays.left[node]) + (below ? 0 : 1);
  }
  return arrays.value[node];
}

TEST(BoostedTrees, AskWhetherAFeatureIsBelow) {
  const BoostedTrees trees(stump(), 2, 2, 0.5F);
  const std::vector<std::uint8_t> samples{0, 9, 0, 10, 255, 200};
  const Features bytes(samples, 2, 1);
  EXPECT_THAT(margins(trees, bytes), testing::ElementsAre(1.0F, 2.5F, 0.25F, 2.5F, 0.25F, 2.5F));
  EXPECT_EQ(trees.leaves(), 3U);
  // Bytes count with their scale.
  EXPECT_THAT(margins(trees, Features(samples, 2, 0.01F)),
              testing::ElementsAre(1.0F, 2.5F, 1.0F, 2.5F, 1.0F, 2.5F));
}

TEST(BoostedTrees, GiveWhatWalkingNodeByNodeGives) {
  EXPECT_TRUE(rc::check([](std::uint64_t seed) {
    Random random(seed);
    const std::size_t dims = 1 + random.below(6), outputs = 1 + random.below(4);
    const std::size_t n = random.below(150);
    const TreeArrays arrays = random_trees(random, outputs * random.below(4), dims);
    std::vector<std::uint8_t> bytes(n * dims);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.below(256));
    linalg::Matrix values(n, dims);
    std::copy(bytes.begin(), bytes.end(), values.data());
    std::vector<float> expected(n * outputs, 0.5F);
    for (std::size_t t = 0; t + 1 < arrays.first_node.size(); ++t) {
      for (std::size_t i = 0; i < n; ++i) {
        expected[i * outputs + t % outputs] += walk(arrays, t, values[i].data());
      }
    }
    const BoostedTrees trees(arrays, outputs, dims, 0.5F);
    RC_ASSERT(margins(trees, Features(bytes, dims, 1)) == expected);
    RC_ASSERT(margins(trees, Features(std::move(values))) == expected);
  }));
}

TEST(BoostedTrees, RefuseWhatLeadsAstray) {
  const auto refused = [](auto change) {
    TreeArrays arrays = stump();
    change(arrays);
    try {
      const BoostedTrees trees(arrays, 2, 2, 0.5F);
    } catch (const DataError&) {
      return true;
    }
    return false;
  };
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(refused([](auto&) {}));
  EXPECT_TRUE(refused([](auto& a) { a.feature[0] = 2; }));
  EXPECT_TRUE(refused([](auto& a) { a.feature[0] = -2; }));
  EXPECT_TRUE(refused([](auto& a) { a.left[0] = 2; }));
  EXPECT_TRUE(refused([](auto& a) { a.left[0] = 0; }));
  EXPECT_TRUE(refused([](auto& a) { a.left[0] = -1; }));
  EXPECT_TRUE(refused([](auto& a) { a.left[0] = std::numeric_limits<std::int32_t>::max(); }));
  EXPECT_TRUE(refused([](auto& a) { a.left[1] = 1; }));
  EXPECT_TRUE(refused([](auto& a) { a.value[1] = kNan; }));
  EXPECT_TRUE(refused([](auto& a) { a.value[1] = 1e30F; }));
  EXPECT_TRUE(refused([](auto& a) { a.value.pop_back(); }));
  EXPECT_TRUE(refused([](auto& a) { a.first_node = {}; }));
  EXPECT_TRUE(refused([](auto& a) { a.first_node = {0, 3}; }));
  EXPECT_TRUE(refused([](auto& a) { a.first_node = {0, 4, 4}; }));
  EXPECT_TRUE(refused([](auto& a) { a.first_node = {0, 3, 5}; }));
  EXPECT_TRUE(refused([](auto& a) { a.first_node = {1, 3, 4}; }));
  EXPECT_TRUE(refused([](auto& a) { a.first_node = {0, 4}; }));
  EXPECT_THROW(BoostedTrees(stump(), 0, 2, 0), DataError);
  EXPECT_THROW(BoostedTrees(stump(), 2, 0, 0), DataError);
  EXPECT_THROW(BoostedTrees(stump(), 2, 2, kNan), DataError);
}

TEST(BoostedTrees, RefuseOtherShapes) {
  const BoostedTrees trees(stump(), 2, 2, 0.5F);
  const std::vector<std::uint8_t> samples(6);
  std::vector<float> out(4);
  EXPECT_THROW(trees.margins(Features(samples, 3, 1), out), ShapeError);
  EXPECT_THROW(trees.margins(Features(samples, 2, 1), out), ShapeError);
}

TEST(BoostedTrees, SoftmaxSumsToOneHoweverLargeTheMargins) {
  std::vector<float> margins{1e30F, -1e30F, 1e30F};
  softmax(margins);
  EXPECT_THAT(margins, testing::ElementsAre(0.5F, 0.0F, 0.5F));
}

}  // namespace
}  // namespace thimble::classical
