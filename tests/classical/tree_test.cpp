#include "classical/tree.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "temporary_folder.hpp"

namespace thimble::classical {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::HasSubstr;

/// Asks x0 <= 10, then x1 <= 20 on the right; leaves: class 0, class 1, and half of each.
Trees small_tree() {
  return Trees(2, 2, {{0, 10, leaf_branch(0), 1}, {1, 20, leaf_branch(1), leaf_branch(2)}}, {0},
               {0.5f, 0.5f}, "test");
}

std::vector<float> probabilities(const Trees& trees, const std::vector<std::uint8_t>& bytes) {
  const Features features(bytes, trees.dims(), 1);
  std::vector<float> out(features.size() * trees.classes());
  trees.predict_proba(features, out);
  return out;
}

TEST(Trees, WalksToALeaf) {
  EXPECT_THAT(probabilities(small_tree(), {10, 255, 11, 20, 11, 21}),
              ElementsAre(1, 0, 0, 1, 0.5f, 0.5f));
  EXPECT_EQ(small_tree().depth(), 2u);
  EXPECT_EQ(small_tree().leaf_count(), 3u);
}

TEST(Trees, WalksOnFloats) {
  linalg::Matrix values(2, 2);
  values[0][0] = 10;
  values[1][0] = 10.5f;
  values[1][1] = -3;
  std::vector<float> out(4);
  small_tree().predict_proba(Features(std::move(values)), out);
  EXPECT_THAT(out, ElementsAre(1, 0, 0, 1));
}

TEST(Trees, AveragesAfterAppending) {
  Trees trees(2, 2);
  trees.append(small_tree());
  trees.append(small_tree());
  trees.append(Trees(2, 2, {}, {leaf_branch(2)}, {0.25f, 0.75f}, "test"));
  EXPECT_EQ(trees.size(), 3u);
  EXPECT_THAT(probabilities(trees, {11, 21}), ElementsAre(FloatEq(1.25f / 3), FloatEq(1.75f / 3)));
  EXPECT_EQ(trees.nodes[2].right, 3);
  EXPECT_EQ(trees.nodes[3].right, leaf_branch(3));
}

TEST(Trees, GivesEverySampleOfALargeBatchItsOwnLeaf) {
  Random random(1);
  std::vector<std::uint8_t> bytes(2 * 1001);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.below(40));
  const Trees trees = small_tree();
  const std::vector<float> found = probabilities(trees, bytes);
  for (std::size_t i = 0; i < 1001; ++i) {
    std::vector<float> expected(2);
    trees.add_leaf(trees.leaf_of(0, &bytes[2 * i]), expected.data());
    ASSERT_EQ(found[2 * i], expected[0]) << i;
    ASSERT_EQ(found[2 * i + 1], expected[1]) << i;
  }
  EXPECT_TRUE(probabilities(trees, {}).empty());
}

TEST(Trees, RefusesFeaturesOfAnotherSize) {
  std::vector<float> out(2);
  const std::vector<std::uint8_t> bytes{1, 2, 3};
  EXPECT_THROW(small_tree().predict_proba(Features(bytes, 3, 1), out), ShapeError);
}

std::string refusal(std::vector<TreeNode> nodes, std::vector<Branch> roots,
                    std::vector<float> distributions = {}) {
  return message_of<DataError>([&] { Trees(2, 2, nodes, roots, distributions, "file"); });
}

TEST(Trees, RefusesWalksThatWouldNotEnd) {
  EXPECT_THAT(refusal({{0, 1, 0, ~0}}, {0}), HasSubstr("file: node 0 leads to node 0"));
  EXPECT_THAT(refusal({{0, 1, 1, ~0}, {0, 1, ~0, 0}}, {0}), HasSubstr("node 1 leads to node 0"));
}

TEST(Trees, RefusesWhatDoesNotExist) {
  EXPECT_THAT(refusal({}, {}), HasSubstr("no tree"));
  EXPECT_THAT(refusal({}, {0}), HasSubstr("tree 0 leads to node 0"));
  EXPECT_THAT(refusal({{0, 1, 1, ~0}}, {0}), HasSubstr("leads to node 1"));
  EXPECT_THAT(refusal({{0, 1, ~2, ~0}}, {0}), HasSubstr("leads to leaf 2, of 2"));
  EXPECT_THAT(refusal({{0, 1, std::numeric_limits<Branch>::min(), ~0}}, {0}), HasSubstr("leaf"));
  EXPECT_THAT(refusal({{2, 1, ~0, ~1}}, {0}), HasSubstr("feature 2, of 2"));
  EXPECT_THAT(refusal({{~0u, 1, ~0, ~1}}, {0}), HasSubstr("feature"));
  EXPECT_THAT(refusal({{0, std::nanf(""), ~0, ~1}}, {0}), HasSubstr("threshold"));
}

TEST(Trees, RefusesWhatAreNoProbabilities) {
  EXPECT_THAT(refusal({}, {~0}, {0.5f}), HasSubstr("1 probabilities for 2 classes"));
  EXPECT_THAT(refusal({}, {~0}, {0.5f, 0.6f}), HasSubstr("sum to 1.1"));
  EXPECT_THAT(refusal({}, {~0}, {1.5f, -0.5f}), HasSubstr("the probability 1.5"));
  EXPECT_THAT(refusal({}, {~0}, {std::nanf(""), 1}), HasSubstr("the probability nan"));
}

}  // namespace
}  // namespace thimble::classical
