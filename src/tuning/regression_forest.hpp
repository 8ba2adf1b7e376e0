// Regression trees over a space that is cut into cells, and how much of their variance each
// coordinate explains.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace thimble::tuning {

/// One coordinate of the space: its cells, from left to right.
struct CellAxis {
  std::vector<double> weights;  ///< the share of the coordinate that each cell has; their sum is 1
  bool ordered = true;      ///< cuts go between neighbours; otherwise cells are told apart freely
  bool last_apart = false;  ///< ordered: the last cell is no neighbour of the one before it
};

/// Where a tree gives one value: on each axis some of its cells.
struct Box {
  std::vector<std::vector<bool>> cells;  ///< [axes][cells of the axis]
  double value = 0;
};

/// A tree, as its leaves divide the space.
using Partition = std::vector<Box>;

/// What a tree is fitted to.
struct CellPoints {
  std::vector<std::vector<std::size_t>> cells;  ///< [axes][points], the cell that a point is in
  std::vector<double> values;                   ///< [points]
};

/// Grows a tree until the points of each leaf have one value or one place: each cut lessens the sum
/// of squares the most, of equal ones on the foremost axis (Breiman, Friedman, Olshen, Stone,
/// "Classification and Regression Trees", 1984; unordered cells by the order of their means).
/// @param rows  indices of points, not none; one may come several times
Partition grow_tree(std::span<const CellAxis> axes, const CellPoints& points,
                    std::vector<std::size_t> rows);

/// The share of a tree's variance over the space that each axis explains by itself: the variance of
/// the mean over all other axes. Exact (Hutter, Hoos, Leyton-Brown, ICML 2014, algorithm 2).
/// @return  one number an axis; empty if the tree gives one value everywhere
std::vector<double> variance_shares(std::span<const CellAxis> axes, const Partition& tree);

}  // namespace thimble::tuning
