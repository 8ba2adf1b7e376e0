#include "comparison/disagreement.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "comparison/compared_models.hpp"

namespace thimble {
namespace {

using testing::answering;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

DataComparison three_models() {
  //                                   picture: 0  1  2  3  4
  const Dataset data = testing::labelled({0, 1, 2, 0, 1}, 3);
  return compare_models("x", data,
                        {answering("a", {0, 1, 2, 1, 1}, 3),    // 4 right
                         answering("b", {0, 1, 0, 1, 0}, 3),    // 2 right
                         answering("c", {0, 0, 1, 1, 2}, 3)});  // 1 right
}

TEST(Disagreement, TellsWhoIsRightWhere) {
  const DataComparison data = three_models();
  const Disagreement found = find_disagreement(data);
  EXPECT_THAT(found.right_by, ElementsAre(1, 2, 1, 1));
  // Three answers on 2 and 4, two on 1, one on 0 and 3.
  EXPECT_THAT(found.most_divided, ElementsAre(2, 4, 1));
  EXPECT_THAT(found.all_wrong, ElementsAre(3));
  EXPECT_THAT(found.only_right_by, ElementsAre(ElementsAre(2, 4), IsEmpty(), IsEmpty()));
  EXPECT_DOUBLE_EQ(found.agreement[0 * 3 + 1], 0.6);
  EXPECT_DOUBLE_EQ(found.agreement[1 * 3 + 0], 0.6);
  EXPECT_DOUBLE_EQ(found.agreement[1 * 3 + 1], 1.0);
}

TEST(Disagreement, CountsVotes) {
  const DataComparison data = three_models();
  const Vote unanimous = vote_on(data, 3);
  EXPECT_EQ(unanimous.winner, 1u);
  EXPECT_EQ(unanimous.count, 3u);
  EXPECT_NEAR(unanimous.probability, 0.8, 1e-6);
  EXPECT_EQ(unanimous.entropy, 0);
  EXPECT_NEAR(vote_on(data, 2).entropy, std::log(3.0), 1e-12);
}

TEST(Disagreement, OneModelAloneIsUnanimous) {
  const Dataset data = testing::labelled({0, 1}, 2);
  const Disagreement found =
      find_disagreement(compare_models("x", data, {answering("a", {0, 0}, 2)}));
  EXPECT_THAT(found.right_by, ElementsAre(1, 1));
  EXPECT_THAT(found.most_divided, IsEmpty());
  EXPECT_THAT(found.only_right_by, ElementsAre(IsEmpty()));
  EXPECT_THAT(found.all_wrong, ElementsAre(1));
}

}  // namespace
}  // namespace thimble
