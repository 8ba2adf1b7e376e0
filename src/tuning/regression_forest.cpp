#include "tuning/regression_forest.hpp"

#include <algorithm>
#include <numeric>

namespace thimble::tuning {
namespace {

/// Gains that differ by less than this share are equal: the same cut found on two axes adds up in
/// two orders.
constexpr double kSameGain = 1e-9;

/// Count and sum of some points' values.
struct Sums {
  double count = 0;
  double sum = 0;

  void add(const Sums& other) {
    count += other.count;
    sum += other.sum;
  }
  double mean() const { return sum / count; }
};

/// A leaf that may become a node.
struct Pending {
  std::vector<std::size_t> rows;
  Box box;
};

/// A cut of one axis: its used cells in order, of which the first `taken` go to one side.
struct Cut {
  std::size_t axis = 0;
  std::vector<std::size_t> order;
  std::size_t taken = 0;
  double gain = -1;
};

class TreeGrower {
 public:
  TreeGrower(std::span<const CellAxis> axes, const CellPoints& points)
      : axes_(axes), points_(points) {}

  Partition grow(std::vector<std::size_t> rows);

 private:
  std::vector<Sums> sums_by_cell(std::size_t axis, const std::vector<std::size_t>& rows) const;
  Cut best_cut(std::size_t axis, const std::vector<std::size_t>& rows) const;
  std::vector<bool> first_side(const Cut& cut, const std::vector<std::size_t>& rows) const;
  bool is_in(const std::vector<bool>& side, std::size_t axis, std::size_t row) const {
    return side[points_.cells[axis][row]];
  }

  std::span<const CellAxis> axes_;
  const CellPoints& points_;
};

std::vector<Sums> TreeGrower::sums_by_cell(std::size_t axis,
                                           const std::vector<std::size_t>& rows) const {
  std::vector<Sums> sums(axes_[axis].weights.size());
  for (const std::size_t row : rows) {
    sums[points_.cells[axis][row]].add({1, points_.values[row]});
  }
  return sums;
}

Cut TreeGrower::best_cut(std::size_t axis, const std::vector<std::size_t>& rows) const {
  const std::vector<Sums> sums = sums_by_cell(axis, rows);
  Cut cut;
  cut.axis = axis;
  Sums all;
  for (std::size_t cell = 0; cell < sums.size(); ++cell) {
    if (sums[cell].count > 0) cut.order.push_back(cell);
    all.add(sums[cell]);
  }
  if (!axes_[axis].ordered) {
    std::stable_sort(cut.order.begin(), cut.order.end(),
                     [&](std::size_t a, std::size_t b) { return sums[a].mean() < sums[b].mean(); });
  }
  Sums first;
  for (std::size_t taken = 1; taken < cut.order.size(); ++taken) {
    first.add(sums[cut.order[taken - 1]]);
    const Sums second{all.count - first.count, all.sum - first.sum};
    const double apart = first.mean() - second.mean();
    const double gain = first.count * second.count / all.count * apart * apart;
    if (gain > cut.gain) {
      cut.gain = gain;
      cut.taken = taken;
    }
  }
  return cut;
}

/// The cells on a cut's first side. Those without points: of an ordered axis by what they are
/// nearer to, of another with the most points.
std::vector<bool> TreeGrower::first_side(const Cut& cut,
                                         const std::vector<std::size_t>& rows) const {
  const CellAxis& axis = axes_[cut.axis];
  const std::size_t cells = axis.weights.size();
  std::vector<bool> side(cells, false);
  if (!axis.ordered) {
    for (std::size_t i = 0; i < cut.taken; ++i) side[cut.order[i]] = true;
    const auto taken = std::count_if(rows.begin(), rows.end(),
                                     [&](std::size_t row) { return is_in(side, cut.axis, row); });
    if (2 * static_cast<std::size_t>(taken) < rows.size()) return side;
    side.assign(cells, true);
    for (std::size_t i = cut.taken; i < cut.order.size(); ++i) side[cut.order[i]] = false;
    return side;
  }
  std::vector<double> centres(cells);
  double before = 0;
  for (std::size_t cell = 0; cell < cells; ++cell) {
    centres[cell] = before + axis.weights[cell] / 2;
    before += axis.weights[cell];
  }
  const std::size_t last = cut.order[cut.taken - 1];
  const std::size_t next = cut.order[cut.taken];
  const bool to_the_end = axis.last_apart && next + 1 == cells;
  const double middle = (centres[last] + centres[next]) / 2;
  for (std::size_t cell = 0; cell < next; ++cell) {
    side[cell] = cell <= last || to_the_end || centres[cell] < middle;
  }
  return side;
}

Partition TreeGrower::grow(std::vector<std::size_t> rows) {
  Box everywhere;
  for (const CellAxis& axis : axes_) everywhere.cells.emplace_back(axis.weights.size(), true);
  Partition leaves;
  std::vector<Pending> pending;
  pending.push_back({std::move(rows), std::move(everywhere)});
  while (!pending.empty()) {
    Pending node = std::move(pending.back());
    pending.pop_back();
    const double first_value = points_.values[node.rows.front()];
    const bool alike = std::all_of(node.rows.begin(), node.rows.end(), [&](std::size_t row) {
      return points_.values[row] == first_value;
    });
    Cut best;
    for (std::size_t axis = 0; !alike && axis < axes_.size(); ++axis) {
      Cut cut = best_cut(axis, node.rows);
      if (cut.taken > 0 && cut.gain > best.gain * (best.gain > 0 ? 1 + kSameGain : 1)) {
        best = std::move(cut);
      }
    }
    if (best.taken == 0) {
      double sum = 0;
      for (const std::size_t row : node.rows) sum += points_.values[row];
      node.box.value = sum / static_cast<double>(node.rows.size());
      leaves.push_back(std::move(node.box));
      continue;
    }
    const std::vector<bool> side = first_side(best, node.rows);
    Pending second;
    second.box = node.box;
    const auto middle =
        std::stable_partition(node.rows.begin(), node.rows.end(),
                              [&](std::size_t row) { return is_in(side, best.axis, row); });
    second.rows.assign(middle, node.rows.end());
    node.rows.erase(middle, node.rows.end());
    for (std::size_t cell = 0; cell < side.size(); ++cell) {
      (side[cell] ? second : node).box.cells[best.axis][cell] = false;
    }
    pending.push_back(std::move(second));
    pending.push_back(std::move(node));
  }
  return leaves;
}

/// The share of an axis that a box takes.
double width_of(const CellAxis& axis, const std::vector<bool>& cells) {
  double width = 0;
  for (std::size_t cell = 0; cell < cells.size(); ++cell) {
    if (cells[cell]) width += axis.weights[cell];
  }
  return width;
}

}  // namespace

Partition grow_tree(std::span<const CellAxis> axes, const CellPoints& points,
                    std::vector<std::size_t> rows) {
  return TreeGrower(axes, points).grow(std::move(rows));
}

std::vector<double> variance_shares(std::span<const CellAxis> axes, const Partition& tree) {
  if (tree.size() < 2) return {};
  const std::size_t n = axes.size();
  std::vector<double> widths(tree.size() * n);
  std::vector<double> volumes(tree.size(), 1);
  double mean = 0;
  for (std::size_t i = 0; i < tree.size(); ++i) {
    for (std::size_t axis = 0; axis < n; ++axis) {
      widths[i * n + axis] = width_of(axes[axis], tree[i].cells[axis]);
      volumes[i] *= widths[i * n + axis];
    }
    mean += volumes[i] * tree[i].value;
  }
  double total = 0;
  for (std::size_t i = 0; i < tree.size(); ++i) {
    total += volumes[i] * (tree[i].value - mean) * (tree[i].value - mean);
  }
  if (!(total > 0)) return {};
  std::vector<double> shares;
  for (std::size_t axis = 0; axis < n; ++axis) {
    // Deviations from the mean over all other axes, cell by cell.
    std::vector<double> marginal(axes[axis].weights.size(), 0);
    for (std::size_t i = 0; i < tree.size(); ++i) {
      const double width = widths[i * n + axis];
      if (width <= 0) continue;
      const double part = volumes[i] / width * (tree[i].value - mean);
      for (std::size_t cell = 0; cell < marginal.size(); ++cell) {
        if (tree[i].cells[axis][cell]) marginal[cell] += part;
      }
    }
    double variance = 0;
    for (std::size_t cell = 0; cell < marginal.size(); ++cell) {
      variance += axes[axis].weights[cell] * marginal[cell] * marginal[cell];
    }
    shares.push_back(std::min(1.0, variance / total));
  }
  return shares;
}

}  // namespace thimble::tuning
