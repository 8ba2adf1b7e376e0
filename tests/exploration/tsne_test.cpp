#include "exploration/tsne.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "exploration/map_reference.hpp"

namespace thimble {
namespace {

using testing::MapReference;

TEST(Similarities, AreThoseOfScikitLearn) {
  const MapReference reference;
  const Similarities similarities = reference.similarities();
  std::size_t e = 0;
  for (std::size_t i = 0; i < similarities.size(); ++i) {
    for (; e < similarities.begins[i + 1]; ++e) {
      const auto& expected = reference.json.at("similarities").at(e);
      ASSERT_EQ(i, expected.at(0).get<std::size_t>());
      ASSERT_EQ(similarities.neighbors[e], expected.at(1).get<std::uint32_t>());
      const double value = expected.at(2);
      EXPECT_NEAR(similarities.values[e], value, 1e-4 * value + 1e-7);
    }
  }
  EXPECT_EQ(e, reference.json.at("similarities").size());
}

TEST(Similarities, EveryRowHasTheWantedPerplexity) {
  const classical::Neighbors neighbors = neighbors_of_each(MapReference().samples(), 20);
  const std::vector<float> rows = conditional_similarities(neighbors, 6.5);
  for (std::size_t i = 0; i < rows.size(); i += 20) {
    double entropy = 0;
    for (std::size_t j = i; j < i + 20; ++j) {
      const auto p = static_cast<double>(rows[j]);
      if (p > 0) entropy -= p * std::log(p);
    }
    EXPECT_NEAR(std::exp(entropy), 6.5, 1e-4);
  }
}

TEST(Similarities, PointsThatLieOnEachOtherShareEvenly) {
  classical::Neighbors neighbors{4, {1, 2, 3, 0}, {0, 0, 0, 1e30}};
  EXPECT_THAT(conditional_similarities(neighbors, 1.5),
              ::testing::ElementsAre(::testing::FloatNear(1.0F / 3, 1e-6F),
                                     ::testing::FloatNear(1.0F / 3, 1e-6F),
                                     ::testing::FloatNear(1.0F / 3, 1e-6F), 0.0F));
  EXPECT_THROW(conditional_similarities(neighbors, 0.5), UsageError);
  EXPECT_THROW(conditional_similarities(neighbors, 4), UsageError);
}

TEST(Similarities, LeaveOutWhatIsTooFarToCount) {
  const classical::Neighbors neighbors{2, {1, 2, 0, 2, 0, 1}, {0, 1e30, 0, 1e30, 1e30, 1e30}};
  const Similarities joint = joint_similarities(neighbors, 1.2);
  for (const float value : joint.values) EXPECT_GT(value, 1e-21F);
  EXPECT_NEAR(std::accumulate(joint.values.begin(), joint.values.end(), 0.0F), 1, 1e-6);
}

TEST(NeighborsOfEach, LeaveThePointItselfOut) {
  linalg::Matrix values(4, 1);
  values[3][0] = 2;  // the others lie on each other
  const classical::Neighbors neighbors =
      neighbors_of_each(classical::Features(std::move(values)), 2);
  EXPECT_THAT(neighbors.indices, ::testing::ElementsAre(1, 2, 0, 2, 0, 1, 0, 1));
  EXPECT_THAT(neighbors.squared_distances, ::testing::ElementsAre(0, 0, 0, 0, 0, 0, 4, 4));
}

TEST(Tsne, MeasuresTheDivergenceOfAMap) {
  const MapReference reference;
  TsneOptions options;
  options.iterations = 0;
  Progress progress;
  const TsneResult result = tsne(reference.similarities(), reference.map(), options, progress);
  EXPECT_NEAR(result.kl_divergence, reference.json.at("kl_divergence").get<double>(), 1e-5);
  EXPECT_EQ(result.points.x, reference.map().x);
}

/// Three groups of points far from each other, in ten dimensions.
classical::Features groups(std::size_t n) {
  linalg::Matrix values(n, 10);
  Random random(3);
  for (std::size_t i = 0; i < n; ++i) {
    for (float& x : values[i]) x = static_cast<float>(random.normal());
    values[i][i % 3] += 15;
  }
  return classical::Features(std::move(values));
}

TsneResult map_of_groups(int threads) {
  constexpr std::size_t kPoints = 300;
  const int before = thread_count();
  set_thread_count(threads);
  Random random(5);
  MapPoints start;
  for (std::size_t i = 0; i < kPoints; ++i) {
    start.x.push_back(static_cast<float>(1e-4 * random.normal()));
    start.y.push_back(static_cast<float>(1e-4 * random.normal()));
  }
  Progress progress;
  TsneOptions options;
  options.iterations = 100;
  options.exaggerated_iterations = 30;
  TsneResult result = tsne(joint_similarities(neighbors_of_each(groups(kPoints), 30), 10), start,
                           options, progress);
  set_thread_count(before);
  return result;
}

TEST(Tsne, KeepsGroupsApartWhateverTheNumberOfThreads) {
  const TsneResult result = map_of_groups(1);
  EXPECT_LT(result.kl_divergence, result.kl_history.front() / 1.5);
  const MapPoints& points = result.points;
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::size_t nearest = i;
    float least = std::numeric_limits<float>::max();
    for (std::size_t j = 0; j < points.size(); ++j) {
      const float distance = std::hypot(points.x[i] - points.x[j], points.y[i] - points.y[j]);
      if (j != i && distance < least) {
        least = distance;
        nearest = j;
      }
    }
    EXPECT_EQ(nearest % 3, i % 3) << i;
  }
  for (const int threads : {2, 5}) {
    const TsneResult other = map_of_groups(threads);
    EXPECT_EQ(other.points.x, points.x);
    EXPECT_EQ(other.points.y, points.y);
    EXPECT_EQ(other.kl_history, result.kl_history);
  }
}

TEST(Tsne, StopsWhenAskedAndRefusesAnotherNumberOfPoints) {
  class Stop : public Progress {
    bool stop_requested() const override { return true; }
  } stop;
  const MapReference reference;
  EXPECT_THROW(tsne(reference.similarities(), reference.map(), {}, stop), Cancelled);
  EXPECT_THROW(tsne(reference.similarities(), {{1}, {2}}, {}, stop), ShapeError);
}

}  // namespace
}  // namespace thimble
