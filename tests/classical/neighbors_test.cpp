// Nearest neighbours against a comparison with every row in float64.

#include "classical/neighbors.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "baselines_reference.hpp"

namespace thimble::classical {
namespace {

using testing::ElementsAre;

/// Bytes below `levels`: few levels give many rows at the same distance.
std::vector<std::uint8_t> random_bytes(std::size_t n, std::uint64_t levels, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::uint8_t> bytes(n);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.below(levels));
  return bytes;
}

linalg::Matrix random_floats(std::size_t n, std::size_t d, double offset, std::uint64_t seed) {
  Random random(seed);
  linalg::Matrix values(n, d);
  for (float& x : values.values()) x = static_cast<float>(offset + random.normal());
  return values;
}

Neighbors brute_force(const Features& rows, const Features& queries, std::size_t k) {
  const std::size_t d = rows.dims();
  std::vector<float> x(queries.size() * d);
  std::vector<float> y(rows.size() * d);
  queries.copy(0, queries.size(), x.data());
  rows.copy(0, rows.size(), y.data());
  Neighbors found{k, {}, {}};
  for (std::size_t q = 0; q < queries.size(); ++q) {
    std::vector<std::pair<double, std::int32_t>> all;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < d; ++j) {
        const double difference = double{x[q * d + j]} - double{y[i * d + j]};
        sum += difference * difference;
      }
      all.emplace_back(sum, static_cast<std::int32_t>(i));
    }
    std::ranges::sort(all);
    for (std::size_t i = 0; i < k; ++i) {
      found.indices.push_back(all[i].second);
      found.squared_distances.push_back(all[i].first);
    }
  }
  return found;
}

void expect_brute_force(const Features& rows, const Features& queries, std::size_t k) {
  const Neighbors found = NearestNeighbors(rows).search(queries, k);
  const Neighbors expected = brute_force(rows, queries, k);
  EXPECT_EQ(found.k, k);
  ASSERT_EQ(found.indices, expected.indices);
  ASSERT_EQ(found.squared_distances.size(), expected.squared_distances.size());
  for (std::size_t i = 0; i < expected.squared_distances.size(); ++i) {
    EXPECT_NEAR(found.squared_distances[i], expected.squared_distances[i],
                1e-12 * expected.squared_distances[i]);
  }
}

RC_GTEST_PROP(NearestNeighborsProperty, BytesAsByBruteForce, ()) {
  const auto d = *rc::gen::inRange<std::size_t>(1, 20);
  const auto n = *rc::gen::inRange<std::size_t>(1, 400);
  const auto m = *rc::gen::inRange<std::size_t>(0, 20);
  const auto k = *rc::gen::inRange<std::size_t>(1, n + 1);
  const auto levels = *rc::gen::element(1U, 2U, 5U, 256U);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const auto rows = random_bytes(n * d, levels, seed);
  const auto queries = random_bytes(m * d, levels, seed + 1);
  expect_brute_force(Features(rows, d, 1), Features(queries, d, 1), k);
  RC_ASSERT(!testing::Test::HasFailure());
}

RC_GTEST_PROP(NearestNeighborsProperty, FloatsAsByBruteForce, ()) {
  const auto d = *rc::gen::inRange<std::size_t>(1, 20);
  const auto n = *rc::gen::inRange<std::size_t>(1, 400);
  const auto m = *rc::gen::inRange<std::size_t>(0, 20);
  const auto k = *rc::gen::inRange<std::size_t>(1, n + 1);
  const auto offset = *rc::gen::element(0.0, 1.0, 1000.0);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  expect_brute_force(Features(random_floats(n, d, offset, seed)),
                     Features(random_floats(m, d, offset, seed + 1)), k);
  RC_ASSERT(!testing::Test::HasFailure());
}

TEST(NearestNeighbors, BytesOfPictureSize) {
  for (const std::uint64_t levels : {2U, 256U}) {
    const auto rows = random_bytes(std::size_t{1300} * 784, levels, 1);
    const auto queries = random_bytes(std::size_t{13} * 784, levels, 2);
    expect_brute_force(Features(rows, 784, 1), Features(queries, 784, 1), 10);
  }
}

TEST(NearestNeighbors, FloatsOfPictureSize) {
  for (const double offset : {0.0, 100.0}) {
    expect_brute_force(Features(random_floats(1300, 400, offset, 1)),
                       Features(random_floats(13, 400, offset, 2)), 10);
  }
}

TEST(NearestNeighbors, MoreQueriesThanABlock) {
  const auto rows = random_bytes(300 * 3, 256, 1);
  const auto queries = random_bytes(500 * 3, 256, 2);
  expect_brute_force(Features(rows, 3, 1), Features(queries, 3, 1), 4);
  expect_brute_force(Features(random_floats(300, 3, 0, 1)), Features(random_floats(500, 3, 0, 2)),
                     4);
}

TEST(NearestNeighbors, AScaleScalesDistances) {
  const std::vector<std::uint8_t> rows{0, 10, 30, 255};
  const std::vector<std::uint8_t> query{20};
  const Features features(rows, 1, 0.5F);
  const NearestNeighbors index(features);
  const Neighbors found = index.search(Features(query, 1, 0.5F), 3);
  EXPECT_THAT(found.indices, ElementsAre(1, 2, 0));
  EXPECT_THAT(found.squared_distances, ElementsAre(25, 25, 100));
  EXPECT_THROW(index.search(Features(query, 1, 1), 1), ShapeError);
  EXPECT_THROW(index.search(Features(linalg::Matrix(1, 1)), 1), ShapeError);
}

TEST(NearestNeighbors, FarthestBytesAreExact) {
  for (const std::size_t d : {std::size_t{784}, linalg::kLongestByteVector}) {
    std::vector<std::uint8_t> rows(3 * d, 255);
    rows[2 * d] = 254;
    rows[d] = 0;
    const std::vector<std::uint8_t> query(d, 0);
    const Neighbors found = NearestNeighbors(Features(rows, d, 1)).search(Features(query, d, 1), 3);
    const double farthest = 255.0 * 255.0 * static_cast<double>(d);
    EXPECT_THAT(found.indices, ElementsAre(1, 2, 0));
    EXPECT_THAT(found.squared_distances,
                ElementsAre(farthest - 255 * 255, farthest - 255 * 255 + 254 * 254, farthest));
  }
}

TEST(NearestNeighbors, LongerVectorsAreFloats) {
  const std::size_t d = linalg::kLongestByteVector + 1;
  const auto rows = random_bytes(3 * d, 256, 1);
  const NearestNeighbors index(Features(rows, d, 1));
  EXPECT_FALSE(index.is_bytes());
  expect_brute_force(Features(rows, d, 1), Features(rows, d, 1), 3);
}

TEST(NearestNeighbors, NumbersThatFloat32CannotMultiply) {
  linalg::Matrix large(40, 3);
  linalg::Matrix small(40, 3);
  Random random(3);
  for (std::size_t i = 0; i < large.values().size(); ++i) {
    large.values()[i] = static_cast<float>(random.normal() * 1e25);
    small.values()[i] = static_cast<float>(random.normal() * 1e-25);
  }
  expect_brute_force(Features(large), Features(large), 40);
  expect_brute_force(Features(small), Features(small), 40);
}

TEST(NearestNeighbors, WhatIsNoNumberIsFarthest) {
  linalg::Matrix values(4, 1);
  values[0][0] = std::numeric_limits<float>::quiet_NaN();
  values[1][0] = std::numeric_limits<float>::infinity();
  values[2][0] = 7;
  const NearestNeighbors index{Features(values)};
  linalg::Matrix query(1, 1);
  EXPECT_THAT(index.search(Features(query), 4).indices, ElementsAre(3, 2, 0, 1));
  query[0][0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(index.search(Features(query), 4).indices, ElementsAre(0, 1, 2, 3));
}

TEST(NearestNeighbors, TheSameForAnyNumberOfThreads) {
  const auto bytes = random_bytes(2500 * 6, 8, 1);
  const Features byte_rows(bytes, 6, 1);
  const Features float_rows(random_floats(2500, 6, 0, 1));
  const int before = thread_count();
  for (const Features* rows : {&byte_rows, &float_rows}) {
    std::vector<Neighbors> found;
    for (const int threads : {1, 2, 5}) {
      set_thread_count(threads);
      found.push_back(NearestNeighbors(*rows).search(*rows, 5));
    }
    for (const Neighbors& other : found) {
      EXPECT_EQ(other.indices, found[0].indices);
      EXPECT_EQ(other.squared_distances, found[0].squared_distances);
    }
  }
  set_thread_count(before);
}

TEST(NearestNeighbors, GivesItsRowsBack) {
  const auto bytes = random_bytes(77 * 5, 256, 1);
  EXPECT_EQ(NearestNeighbors(Features(bytes, 5, 1)).bytes(), bytes);
}

TEST(NearestNeighbors, RefusesWhatDoesNotFit) {
  const auto bytes = random_bytes(12, 256, 1);
  const Features rows(bytes, 3, 1);
  const NearestNeighbors index(rows);
  EXPECT_THROW(index.search(rows, 0), ShapeError);
  EXPECT_THROW(index.search(rows, 5), ShapeError);
  EXPECT_THROW(index.search(Features(bytes, 4, 1), 1), ShapeError);
  EXPECT_THROW(NearestNeighbors().search(rows, 1), ShapeError);
}

void expect_votes_as_scikit_learn(const std::string& name, NeighborWeights weights) {
  const BaselinesReference reference;
  const std::vector<std::uint8_t> rows = reference.json.at("knn_values");
  const std::vector<std::int32_t> labels = reference.json.at("knn_labels");
  const auto& expected = reference.json.at(name);
  const std::vector<std::uint8_t> queries = expected.at("queries");
  const NearestNeighbors index(Features(rows, reference.dims, 1));
  const Neighbors found = index.search(Features(queries, reference.dims, 1), 6);
  std::vector<float> probabilities(queries.size() / reference.dims * reference.classes);
  vote(found, labels, reference.classes, weights, probabilities);
  expect_near(probabilities, expected.at("probabilities"), 1e-6, name);
}

TEST(Vote, AsScikitLearn) {
  expect_votes_as_scikit_learn("knn_uniform", NeighborWeights::uniform);
  expect_votes_as_scikit_learn("knn_distance", NeighborWeights::distance);
}

TEST(Vote, ByDistance) {
  const std::vector<std::int32_t> labels = {0, 1, 2};
  std::vector<float> out(3);
  vote({3, {0, 1, 2}, {0, 0, 1}}, labels, 3, NeighborWeights::distance, out);
  EXPECT_THAT(out, ElementsAre(0.5F, 0.5F, 0));
  vote({3, {2, 1, 0}, {1, 4, 4}}, labels, 3, NeighborWeights::distance, out);
  EXPECT_THAT(out, ElementsAre(0.25F, 0.25F, 0.5F));
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  vote({2, {2, 1}, {kInfinite, kInfinite}}, labels, 3, NeighborWeights::distance, out);
  EXPECT_THAT(out, ElementsAre(0, 0.5F, 0.5F));
}

}  // namespace
}  // namespace thimble::classical
