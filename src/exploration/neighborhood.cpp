#include "exploration/neighborhood.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.hpp"
#include "classical/neighbors.hpp"

namespace thimble {
namespace {

/// Samples searched for between two looks at the progress: a whole number of the search's blocks.
constexpr std::size_t kSlice = 96 * 32;

/// Copies the `k` nearest of `found`, [queries, k + 1], without each query itself. Among more than
/// k copies of a picture its own entry may be missing; then the last one goes.
void keep_others(const classical::Neighbors& found, std::size_t first, std::size_t queries,
                 Neighborhood& to) {
  const std::size_t wide = to.k + 1;
  for (std::size_t q = 0; q < queries; ++q) {
    const auto self = static_cast<std::int32_t>(first + q);
    const auto row = found.indices.begin() + static_cast<std::ptrdiff_t>(q * wide);
    const auto at = std::find(row, row + static_cast<std::ptrdiff_t>(to.k), self) - row;
    for (std::size_t i = 0; i < to.k; ++i) {
      const std::size_t source = q * wide + i + (i >= static_cast<std::size_t>(at) ? 1 : 0);
      to.positions[(first + q) * to.k + i] = found.indices[source];
      to.squared_distances[(first + q) * to.k + i] = found.squared_distances[source];
    }
  }
}

}  // namespace

Neighborhood find_neighbors(const Images& images, Progress& progress, std::size_t k) {
  if (images.empty()) throw DataError("neighbours: there is no picture");
  const std::size_t n = images.size();
  const std::size_t d = images.shape().size();
  Neighborhood neighborhood;
  neighborhood.samples = n;
  neighborhood.k = std::min(k, n - 1);
  if (neighborhood.k == 0) return neighborhood;
  neighborhood.positions.resize(n * neighborhood.k);
  neighborhood.squared_distances.resize(n * neighborhood.k);
  const classical::NearestNeighbors search(classical::Features(images.pixels(), d, 1));
  for (std::size_t first = 0; first < n; first += kSlice) {
    if (progress.stop_requested()) throw Cancelled("cancelled");
    progress.update(first, n, "nearest neighbours");
    const std::size_t count = std::min(kSlice, n - first);
    const classical::Features queries(images.pixels().subspan(first * d, count * d), d, 1);
    keep_others(search.search(queries, neighborhood.k + 1), first, count, neighborhood);
  }
  progress.update(n, n, "nearest neighbours");
  return neighborhood;
}

Neighborhood find_neighbors(const DatasetSplits& splits, Progress& progress, std::size_t k) {
  if (!splits.test) return find_neighbors(splits.train.images, progress, k);
  Images all = splits.train.images;
  all.append(splits.test->images);
  return find_neighbors(all, progress, k);
}

void check_neighborhood(const Neighborhood& neighborhood, const AllSamples& samples) {
  if (neighborhood.samples == samples.size()) return;
  throw ShapeError(fmt::format("neighbours of {} samples, but there are {}", neighborhood.samples,
                               samples.size()));
}

double rms_difference(double squared_distance, const PictureShape& shape) {
  return std::sqrt(squared_distance / static_cast<double>(shape.size()));
}

}  // namespace thimble
