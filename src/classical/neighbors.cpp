#include "classical/neighbors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "classical/neighbor_search.hpp"

namespace thimble::classical {
namespace {

/// Queries in blocks, and rows in parts where there are too few blocks to occupy all threads.
class Plan {
 public:
  Plan(std::size_t queries, std::size_t query_block, std::size_t rows)
      : queries_(queries), rows_(rows), query_block_(query_block) {
    constexpr std::size_t kTasksPerThread = 4;
    const std::size_t wanted = kTasksPerThread * static_cast<std::size_t>(thread_count());
    const std::size_t row_blocks = (rows + kRowBlock - 1) / kRowBlock;
    blocks_ = (queries + query_block - 1) / query_block;
    if (blocks_ == 0) return;
    const std::size_t parts = std::clamp<std::size_t>(wanted / blocks_, 1, row_blocks);
    part_rows_ = (row_blocks + parts - 1) / parts * kRowBlock;
    parts_ = (rows + part_rows_ - 1) / part_rows_;
  }

  std::size_t tasks() const { return blocks_ * parts_; }
  std::size_t parts() const { return parts_; }
  std::size_t part_of(std::size_t task) const { return task % parts_; }
  Part operator[](std::size_t task) const {
    const std::size_t first = task / parts_ * query_block_;
    const std::size_t begin = part_of(task) * part_rows_;
    return {first, std::min(first + query_block_, queries_), begin,
            std::min(begin + part_rows_, rows_)};
  }

 private:
  std::size_t queries_;
  std::size_t rows_;
  std::size_t query_block_;
  std::size_t blocks_ = 0;
  std::size_t parts_ = 1;
  std::size_t part_rows_ = kRowBlock;
};

/// @param scale  what a unit of the search's distances is, squared
template <class Search>
Neighbors search_all(const Search& search, std::size_t queries, std::size_t rows, std::size_t k,
                     double scale) {
  const Plan plan(queries, Search::kQueryBlock, rows);
  // By part, then by query.
  std::vector<Nearest> nearest;
  nearest.reserve(plan.parts() * queries);
  for (std::size_t i = 0; i < plan.parts() * queries; ++i) nearest.emplace_back(k);
  parallel_tasks(plan.tasks(), [&](std::size_t task) {
    const Part part = plan[task];
    search(part, std::span(nearest).subspan(plan.part_of(task) * queries + part.first,
                                            part.last - part.first));
  });
  Neighbors result{k, std::vector<std::int32_t>(queries * k), std::vector<double>(queries * k)};
  constexpr std::size_t kGrain = 256;
  parallel_for(queries, kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t q = begin; q < end; ++q) {
      for (std::size_t part = 1; part < plan.parts(); ++part) {
        nearest[q].add(nearest[part * queries + q]);
      }
      std::size_t at = q * k;
      for (const Candidate& found : nearest[q].sort()) {
        result.indices[at] = found.index;
        result.squared_distances[at++] = found.distance * scale;
      }
    }
  });
  return result;
}

}  // namespace

NearestNeighbors::NearestNeighbors() = default;
NearestNeighbors::~NearestNeighbors() = default;
NearestNeighbors::NearestNeighbors(NearestNeighbors&&) noexcept = default;
NearestNeighbors& NearestNeighbors::operator=(NearestNeighbors&&) noexcept = default;

NearestNeighbors::NearestNeighbors(const Features& rows)
    : n_(rows.size()),
      d_(rows.dims()),
      scale_(rows.is_bytes() ? rows.scale() : 1),
      is_bytes_(rows.is_bytes() && rows.dims() <= linalg::kLongestByteVector) {
  if (n_ > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    throw ShapeError(fmt::format("nearest neighbours: {} rows are too many", n_));
  }
  if (is_bytes_) {
    byte_rows_ = linalg::PackedBytes(rows.bytes(), n_, d_);
    return;
  }
  linalg::Matrix values(n_, d_);
  rows.copy(0, n_, values.data());
  float_rows_ = std::make_unique<FloatRows>(std::move(values));
}

Neighbors NearestNeighbors::search(const Features& queries, std::size_t k) const {
  if (k == 0 || k > n_) {
    throw ShapeError(fmt::format("nearest neighbours: {} of {} rows wanted", k, n_));
  }
  if (queries.dims() != d_) {
    throw ShapeError(
        fmt::format("nearest neighbours: queries of {} features, expected {}", queries.dims(), d_));
  }
  if (!is_bytes_) {
    return search_all(FloatSearch(*float_rows_, queries), queries.size(), n_, k, 1);
  }
  if (!queries.is_bytes() || queries.scale() != scale_) {
    throw ShapeError("nearest neighbours: the rows are bytes, the queries are not of their scale");
  }
  const auto scale = static_cast<double>(scale_);
  return search_all(ByteSearch(byte_rows_, queries.bytes()), queries.size(), n_, k, scale * scale);
}

std::vector<std::uint8_t> NearestNeighbors::bytes() const {
  std::vector<std::uint8_t> rows(n_ * d_);
  for (std::size_t i = 0; i < n_; ++i) byte_rows_.copy_row(i, std::span(rows).subspan(i * d_, d_));
  return rows;
}

const linalg::Matrix& NearestNeighbors::values() const { return float_rows_->values(); }

void vote(const Neighbors& neighbors, std::span<const std::int32_t> labels, std::size_t classes,
          NeighborWeights weights, std::span<float> out) {
  const std::size_t k = neighbors.k;
  std::vector<double> votes(classes);
  for (std::size_t first = 0; first < neighbors.indices.size(); first += k) {
    std::ranges::fill(votes, 0);
    const auto distances = std::span(neighbors.squared_distances).subspan(first, k);
    // A distance that is no number, stored as infinity, would weigh nothing.
    const bool by_distance = weights == NeighborWeights::distance && distances.front() < kInfinity;
    double total = 0;
    for (std::size_t i = 0; i < k; ++i) {
      double weight = 1;
      if (by_distance) {
        weight = distances.front() > 0 ? 1 / std::sqrt(distances[i]) : distances[i] > 0 ? 0.0 : 1.0;
      }
      const auto row = static_cast<std::size_t>(neighbors.indices[first + i]);
      votes[static_cast<std::size_t>(labels[row])] += weight;
      total += weight;
    }
    const auto row = out.subspan(first / k * classes, classes);
    for (std::size_t c = 0; c < classes; ++c) row[c] = static_cast<float>(votes[c] / total);
  }
}

}  // namespace thimble::classical
