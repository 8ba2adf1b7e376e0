#include "exploration/trustworthiness.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/simd.hpp"
#include "linalg/products.hpp"

namespace thimble {
namespace {

/// Samples whose distances to all others one thread holds at a time.
constexpr std::size_t kBlock = 64;

THIMBLE_SIMD_CLONES
std::size_t count_below(const float* values, std::size_t n, float limit) {
  std::uint32_t count = 0;
  for (std::size_t j = 0; j < n; ++j) count += values[j] < limit ? 1U : 0U;
  return count;
}

THIMBLE_SIMD_CLONES
std::size_t count_up_to(const float* values, std::size_t n, float limit) {
  std::uint32_t count = 0;
  for (std::size_t j = 0; j < n; ++j) count += values[j] <= limit ? 1U : 0U;
  return count;
}

/// The samples less their mean, so that differences of squared norms lose few digits.
linalg::Matrix centred(const classical::Features& samples) {
  const std::size_t n = samples.size();
  linalg::Matrix values(n, samples.dims());
  samples.copy(0, n, values.data());
  std::vector<double> mean(samples.dims());
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < mean.size(); ++j) {
      mean[j] += static_cast<double>(values[i][j]) / static_cast<double>(n);
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < mean.size(); ++j) values[i][j] -= static_cast<float>(mean[j]);
  }
  return values;
}

/// Squared distances of samples from all, a block at a time.
class Distances {
 public:
  explicit Distances(const classical::Features& samples)
      : values_(centred(samples)), norms_(values_.rows()) {
    for (std::size_t i = 0; i < norms_.size(); ++i) {
      const auto row = std::as_const(values_)[i];
      norms_[i] = std::inner_product(row.begin(), row.end(), row.begin(), 0.0F);
    }
  }

  /// float32 [end - begin, n]; a sample's own is below all others.
  std::vector<float> of(std::size_t begin, std::size_t end) const {
    const std::size_t n = norms_.size();
    const std::size_t d = values_.columns();
    std::vector<float> distances((end - begin) * n);
    linalg::sgemm(linalg::Transpose::no, linalg::Transpose::yes, end - begin, n, d, -2,
                  values_.data() + begin * d, d, values_.data(), d, 0, distances.data(), n);
    for (std::size_t i = begin; i < end; ++i) {
      float* row = distances.data() + (i - begin) * n;
      for (std::size_t j = 0; j < n; ++j) row[j] = std::max(0.0F, row[j] + norms_[i] + norms_[j]);
      row[i] = -1;
    }
    return distances;
  }

 private:
  linalg::Matrix values_;
  std::vector<float> norms_;
};

}  // namespace

classical::Neighbors map_neighbors(const MapPoints& map, std::size_t k) {
  linalg::Matrix points(map.size(), 2);
  for (std::size_t i = 0; i < map.size(); ++i) {
    points[i][0] = map.x[i];
    points[i][1] = map.y[i];
  }
  return neighbors_of_each(classical::Features(std::move(points)), k);
}

double trustworthiness(const classical::Features& samples, const MapPoints& map, std::size_t k) {
  const std::size_t n = samples.size();
  if (map.size() != n) {
    throw ShapeError(fmt::format("trustworthiness: {} points for {} samples", map.size(), n));
  }
  if (k < 1 || 2 * k >= n) {
    throw UsageError(
        fmt::format("trustworthiness: {} neighbours of {} samples, expected 1 to "
                    "less than half of them",
                    k, n));
  }
  const classical::Neighbors on_map = map_neighbors(map, k);
  const Distances distances(samples);
  std::vector<std::uint64_t> costs((n + kBlock - 1) / kBlock);
  parallel_tasks(costs.size(), [&](std::size_t block) {
    const std::size_t begin = block * kBlock;
    const std::size_t end = std::min(n, begin + kBlock);
    const std::vector<float> rows = distances.of(begin, end);
    for (std::size_t i = begin; i < end; ++i) {
      const float* row = rows.data() + (i - begin) * n;
      for (std::size_t e = i * k; e < (i + 1) * k; ++e) {
        const auto j = static_cast<std::size_t>(on_map.indices[e]);
        // The sample itself is among those counted, which makes up for ranks beginning with 1.
        const std::size_t rank =
            count_up_to(row, j, row[j]) + count_below(row + j + 1, n - j - 1, row[j]);
        if (rank > k) costs[block] += rank - k;
      }
    }
  });
  const auto total =
      static_cast<double>(std::accumulate(costs.begin(), costs.end(), std::uint64_t{0}));
  const auto points = static_cast<double>(n);
  const auto near = static_cast<double>(k);
  return 1 - total * 2 / (points * near * (2 * points - 3 * near - 1));
}

}  // namespace thimble
