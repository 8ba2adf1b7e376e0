#include "evaluation/confusion.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace thimble {
namespace {

TEST(ConfusionMatrix, CountsRowsAndColumns) {
  ConfusionMatrix matrix(3);
  matrix.add(0, 0);
  matrix.add(0, 2);
  matrix.add(2, 2);
  matrix.add(1, 2);
  EXPECT_EQ(matrix.count(0, 2), 1u);
  EXPECT_EQ(matrix.count(2, 0), 0u);
  EXPECT_EQ(matrix.support(0), 2u);
  EXPECT_EQ(matrix.predictions(2), 3u);
  EXPECT_EQ(matrix.predictions(1), 0u);
  EXPECT_EQ(matrix.correct(), 2u);
  EXPECT_EQ(matrix.total(), 4u);
}

TEST(ConfusionMatrix, NamesTheMostConfusedPairs) {
  ConfusionMatrix matrix(4);
  for (int i = 0; i < 3; ++i) matrix.add(3, 1);
  for (int i = 0; i < 2; ++i) matrix.add(1, 3);
  for (int i = 0; i < 4; ++i) matrix.add(0, 2);
  matrix.add(2, 3);
  for (int i = 0; i < 9; ++i) matrix.add(2, 2);
  using Pair = ConfusionMatrix::Pair;
  EXPECT_EQ(matrix.most_confused(9), (std::vector<Pair>{{1, 3, 5}, {0, 2, 4}, {2, 3, 1}}));
  EXPECT_EQ(matrix.most_confused(1), (std::vector<Pair>{{1, 3, 5}}));
  EXPECT_TRUE(ConfusionMatrix(4).most_confused(3).empty());
}

RC_GTEST_PROP(ConfusionMatrix, SumsAgree, (const std::vector<std::pair<int, int>>& raw)) {
  ConfusionMatrix matrix(5);
  for (const auto& [truth, predicted] : raw) {
    matrix.add(static_cast<std::size_t>(truth) % 5, static_cast<std::size_t>(predicted) % 5);
  }
  std::uint64_t rows = 0, columns = 0, mistakes = 0;
  for (std::size_t c = 0; c < 5; ++c) rows += matrix.support(c), columns += matrix.predictions(c);
  for (const auto& pair : matrix.most_confused(100)) mistakes += pair.count;
  RC_ASSERT(rows == raw.size());
  RC_ASSERT(columns == raw.size());
  RC_ASSERT(matrix.total() == raw.size());
  RC_ASSERT(mistakes + matrix.correct() == raw.size());
}

}  // namespace
}  // namespace thimble
