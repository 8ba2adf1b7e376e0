#include "tuning/importance.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/random.hpp"
#include "tuning/regression_forest.hpp"

namespace thimble::tuning {
namespace {

constexpr int kTrees = 64;
constexpr std::size_t kFewest = 4;  // observations
/// Places nearer to each other than this are one.
constexpr double kSamePlace = 1e-9;

/// Number of values that a real or an integer parameter may take; nothing if there is no end.
std::optional<double> grid_size(const Parameter& parameter) {
  if (parameter.kind == Parameter::Kind::integer) return parameter.high - parameter.low + 1;
  if (parameter.step <= 0) return std::nullopt;
  return std::floor((parameter.high - parameter.low) / parameter.step + kSamePlace) + 1;
}

/// How often an even draw gives the parameter one of `values`.
double chance_of(const Parameter& parameter, const std::vector<nlohmann::json>& values) {
  const auto wanted = static_cast<double>(values.size());
  if (parameter.kind == Parameter::Kind::choice) {
    return wanted / static_cast<double>(parameter.choices.size());
  }
  const std::optional<double> size = grid_size(parameter);
  return size ? std::min(1.0, wanted / *size) : 0;
}

/// How often an even draw has the parameter in force.
double chance_in_force(const SearchSpace& space, const Parameter& parameter) {
  if (!parameter.condition) return 1;
  const Parameter& named = space.parameter(parameter.condition->key);
  return chance_of(named, parameter.condition->values) * chance_in_force(space, named);
}

/// The range in units of to_unit(). Of whole numbers each has half a step to both sides, so that
/// the outermost count as much as the others.
struct UnitRange {
  double low = 0;
  double high = 1;
};

UnitRange unit_range(const Parameter& parameter) {
  if (!grid_size(parameter)) return {};
  const double half = parameter.kind == Parameter::Kind::integer ? 0.5 : parameter.step / 2;
  const double low = parameter.low;
  const double high = parameter.high;
  if (high <= low) return {};
  if (!parameter.log || low - half <= 0) {
    return {-half / (high - low), 1 + half / (high - low)};
  }
  const double span = std::log(high / low);
  return {std::log((low - half) / low) / span, 1 + std::log((high + half) / high) / span};
}

/// An axis with the cells that the points are in; the last cell is for those without the parameter.
struct PlacedAxis {
  CellAxis axis;
  std::vector<std::size_t> cells;
};

std::vector<std::optional<double>> places_of(const Parameter& parameter,
                                             std::span<const Observation> observations) {
  std::vector<std::optional<double>> places;
  for (const Observation& observation : observations) {
    const auto found = observation.settings.find(parameter.key);
    if (found == observation.settings.end()) {
      places.emplace_back();
    } else {
      places.emplace_back(to_unit(parameter, found->second));
    }
  }
  return places;
}

/// The different places, in order.
std::vector<double> distinct(const std::vector<std::optional<double>>& places) {
  std::vector<double> sorted;
  for (const std::optional<double>& place : places) {
    if (place) sorted.push_back(*place);
  }
  std::sort(sorted.begin(), sorted.end());
  const auto same = [](double a, double b) { return b - a < kSamePlace; };
  sorted.erase(std::unique(sorted.begin(), sorted.end(), same), sorted.end());
  return sorted;
}

PlacedAxis choice_axis(const Parameter& parameter, const std::vector<std::optional<double>>& places,
                       double in_force) {
  PlacedAxis placed;
  const std::size_t n = parameter.choices.size();
  placed.axis.ordered = false;
  placed.axis.weights.assign(n, in_force / static_cast<double>(n));
  placed.axis.weights.push_back(1 - in_force);
  for (const std::optional<double>& place : places) {
    placed.cells.push_back(place ? static_cast<std::size_t>(*place) : n);
  }
  return placed;
}

/// A cell around each place, up to the middle between it and the next.
PlacedAxis range_axis(const Parameter& parameter, const std::vector<std::optional<double>>& places,
                      double in_force) {
  const std::vector<double> centres = distinct(places);
  const UnitRange range = unit_range(parameter);
  PlacedAxis placed;
  placed.axis.last_apart = true;
  double from = range.low;
  for (std::size_t i = 0; i < centres.size(); ++i) {
    const double to = i + 1 < centres.size() ? (centres[i] + centres[i + 1]) / 2 : range.high;
    placed.axis.weights.push_back(in_force * (to - from) / (range.high - range.low));
    from = to;
  }
  placed.axis.weights.push_back(centres.empty() ? 1 : 1 - in_force);
  for (const std::optional<double>& place : places) {
    const auto cell = place ? std::lower_bound(centres.begin(), centres.end(), *place - kSamePlace)
                            : centres.end();
    placed.cells.push_back(static_cast<std::size_t>(cell - centres.begin()));
  }
  return placed;
}

/// The shares of each tree of the forest; those without variance are left out.
std::vector<std::vector<double>> shares_by_tree(const std::vector<CellAxis>& axes,
                                                const CellPoints& points, std::uint64_t seed) {
  const std::size_t n = points.values.size();
  std::vector<std::vector<double>> shares;
  for (int tree = 0; tree < kTrees; ++tree) {
    Random random(hash_seed(seed, static_cast<std::uint64_t>(tree)));
    std::vector<std::size_t> rows(n);
    for (std::size_t& row : rows) row = random.below(n);
    std::vector<double> one = variance_shares(axes, grow_tree(axes, points, std::move(rows)));
    if (!one.empty()) shares.push_back(std::move(one));
  }
  return shares;
}

Importance summary_of(const std::string& key, const std::vector<std::vector<double>>& shares,
                      std::size_t axis) {
  const auto trees = static_cast<double>(shares.size());
  Importance importance{key, 0, 0};
  for (const std::vector<double>& one : shares) importance.share += one[axis] / trees;
  double squares = 0;
  for (const std::vector<double>& one : shares) {
    squares += (one[axis] - importance.share) * (one[axis] - importance.share);
  }
  importance.deviation = std::sqrt(squares / trees);
  return importance;
}

}  // namespace

std::vector<Importance> importance(const SearchSpace& space,
                                   std::span<const Observation> observations, std::uint64_t seed) {
  if (observations.size() < kFewest) return {};
  CellPoints points;
  for (const Observation& observation : observations) points.values.push_back(observation.value);
  std::vector<CellAxis> axes;
  for (const Parameter& parameter : space.parameters()) {
    const auto places = places_of(parameter, observations);
    const double in_force = chance_in_force(space, parameter);
    PlacedAxis placed = parameter.kind == Parameter::Kind::choice
                            ? choice_axis(parameter, places, in_force)
                            : range_axis(parameter, places, in_force);
    axes.push_back(std::move(placed.axis));
    points.cells.push_back(std::move(placed.cells));
  }
  const auto shares = shares_by_tree(axes, points, seed);
  if (shares.empty()) return {};
  std::vector<Importance> found;
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    found.push_back(summary_of(space.parameters()[axis].key, shares, axis));
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Importance& a, const Importance& b) { return a.share > b.share; });
  return found;
}

}  // namespace thimble::tuning
