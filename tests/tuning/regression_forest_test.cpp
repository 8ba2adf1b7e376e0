#include "tuning/regression_forest.hpp"

#include <fstream>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace thimble::tuning {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Pointwise;

CellAxis axis_of(std::vector<double> weights, bool ordered = true) {
  CellAxis axis;
  axis.weights = std::move(weights);
  axis.ordered = ordered;
  return axis;
}

/// One point in every cell of a grid, the last axis running fastest.
CellPoints grid_points(const std::vector<CellAxis>& axes, const std::vector<double>& values) {
  CellPoints points;
  points.values = values;
  points.cells.resize(axes.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::size_t rest = i;
    for (std::size_t axis = axes.size(); axis-- > 0;) {
      points.cells[axis].push_back(rest % axes[axis].weights.size());
      rest /= axes[axis].weights.size();
    }
  }
  return points;
}

std::vector<std::size_t> all_rows(const CellPoints& points) {
  std::vector<std::size_t> rows(points.values.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

/// What a tree says in a cell; fails unless exactly one leaf covers it.
double value_at(const Partition& tree, const std::vector<std::size_t>& cell) {
  double value = 0;
  int covering = 0;
  for (const Box& box : tree) {
    bool inside = true;
    for (std::size_t axis = 0; axis < cell.size(); ++axis) {
      inside = inside && box.cells[axis][cell[axis]];
    }
    if (!inside) continue;
    value = box.value;
    ++covering;
  }
  EXPECT_EQ(covering, 1);
  return value;
}

TEST(RegressionForest, SharesAreThoseOfBruteForce) {
  const auto reference =
      nlohmann::json::parse(std::ifstream(THIMBLE_TEST_DATA "/importance_reference.json"));
  for (const nlohmann::json& table : reference.at("tables")) {
    std::vector<CellAxis> axes;
    for (std::size_t i = 0; i < table.at("weights").size(); ++i) {
      axes.push_back(axis_of(table.at("weights")[i].get<std::vector<double>>(),
                             table.at("ordered")[i].get<bool>()));
    }
    const CellPoints points = grid_points(axes, table.at("values").get<std::vector<double>>());
    const Partition tree = grow_tree(axes, points, all_rows(points));
    EXPECT_EQ(tree.size(), points.values.size());
    for (std::size_t i = 0; i < points.values.size(); ++i) {
      std::vector<std::size_t> cell;
      for (const auto& cells : points.cells) cell.push_back(cells[i]);
      EXPECT_DOUBLE_EQ(value_at(tree, cell), points.values[i]);
    }
    EXPECT_THAT(variance_shares(axes, tree),
                Pointwise(DoubleNear(1e-10), table.at("shares").get<std::vector<double>>()));
  }
}

TEST(RegressionForest, CellsWithoutPointsGoWithWhatIsNear) {
  const std::vector<CellAxis> axes = {axis_of({0.2, 0.2, 0.2, 0.2, 0.2})};
  CellPoints points;
  points.cells = {{0, 4}};
  points.values = {1, 2};
  const Partition tree = grow_tree(axes, points, {0, 1});
  ASSERT_EQ(tree.size(), 2u);
  EXPECT_EQ(value_at(tree, {1}), 1);
  EXPECT_EQ(value_at(tree, {3}), 2);
}

TEST(RegressionForest, WhatStandsApartHasNoNeighbour) {
  std::vector<CellAxis> axes = {axis_of({0.1, 0.1, 0.1, 0.7})};
  axes.front().last_apart = true;
  CellPoints points;
  points.cells = {{0, 3}};
  points.values = {1, 2};
  const Partition tree = grow_tree(axes, points, {0, 1});
  EXPECT_EQ(value_at(tree, {1}), 1);
  EXPECT_EQ(value_at(tree, {2}), 1);
  EXPECT_EQ(value_at(tree, {3}), 2);
}

TEST(RegressionForest, UnseenChoicesGoWithTheMany) {
  const std::vector<CellAxis> axes = {axis_of({0.25, 0.25, 0.25, 0.25}, false)};
  CellPoints points;
  points.cells = {{0, 2, 2}};
  points.values = {1, 5, 5};
  const Partition tree = grow_tree(axes, points, {0, 1, 2});
  EXPECT_EQ(value_at(tree, {1}), 5);
  EXPECT_EQ(value_at(tree, {3}), 5);
}

TEST(RegressionForest, TheForemostOfEqualCutsIsTaken) {
  const std::vector<CellAxis> axes = {axis_of({0.5, 0.5}, false), axis_of({0.5, 0.5})};
  CellPoints points;
  points.cells = {{1, 0, 1, 0, 1, 0}, {0, 1, 0, 1, 0, 1}};
  points.values = {0.1, 0.7, 0.2, 0.6, 0.3, 0.9};
  const std::vector<double> shares =
      variance_shares(axes, grow_tree(axes, points, all_rows(points)));
  EXPECT_THAT(shares, ElementsAre(DoubleNear(1, 1e-12), DoubleNear(0, 1e-12)));
}

TEST(RegressionForest, OneValueExplainsNothing) {
  const std::vector<CellAxis> axes = {axis_of({0.3, 0.7})};
  CellPoints points;
  points.cells = {{0, 1}};
  points.values = {0.3, 0.3};
  EXPECT_TRUE(variance_shares(axes, grow_tree(axes, points, {0, 1})).empty());
}

}  // namespace
}  // namespace thimble::tuning
