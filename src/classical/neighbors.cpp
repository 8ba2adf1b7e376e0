#include "classical/neighbors.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/simd.hpp"
#include "linalg/products.hpp"

namespace thimble::classical {
namespace {

// Rows compared with a block of queries before the results are looked through; a multiple of
// linalg::kByteProductsPanel.
constexpr std::size_t kRowBlock = 1024;
// The results of a block stay in the second-level cache.
constexpr std::size_t kByteQueryBlock = 96;
// Larger, as sgemm lays out the rows anew for each block.
constexpr std::size_t kFloatQueryBlock = 192;
// Results are looked through by their smallest in so many.
constexpr std::size_t kStep = 64;
constexpr std::size_t kSteps = kRowBlock / kStep;
// Unit roundoff of float32.
constexpr double kRoundoff = 0x1p-24;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Candidate {
  double distance;
  std::int32_t index;

  bool operator<(const Candidate& other) const {
    return distance != other.distance ? distance < other.distance : index < other.index;
  }
};

/// The k nearest so far of one query: a heap, the farthest on top.
class Nearest {
 public:
  explicit Nearest(std::size_t k) : k_(k) { heap_.reserve(k); }

  void add(Candidate candidate) {
    if (heap_.size() == k_) {
      if (!(candidate < heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end());
      heap_.back() = candidate;
    } else {
      heap_.push_back(candidate);
    }
    std::push_heap(heap_.begin(), heap_.end());
  }
  void add(const Nearest& other) {
    for (const Candidate& candidate : other.heap_) add(candidate);
  }
  bool full() const { return heap_.size() == k_; }
  /// What is farther cannot enter.
  double limit() const { return full() ? heap_.front().distance : kInfinity; }
  std::span<const Candidate> sort() {
    std::sort_heap(heap_.begin(), heap_.end());
    return heap_;
  }

 private:
  std::size_t k_;
  std::vector<Candidate> heap_;
};

/// Products of one query with a block of rows to squared distances, in place, and the smallest of
/// each step. Exact: differences modulo 2^32 of what fits into 32 bits.
THIMBLE_SIMD_CLONES
void to_distances(std::uint32_t query_norm, const std::uint32_t* norms, std::uint32_t* products,
                  std::uint32_t* smallest) {
  for (std::size_t s = 0; s < kSteps; ++s) {
    std::uint32_t least = std::numeric_limits<std::uint32_t>::max();
    for (std::size_t j = s * kStep; j < (s + 1) * kStep; ++j) {
      const std::uint32_t distance = query_norm + norms[j] - 2 * products[j];
      products[j] = distance;
      least = distance < least ? distance : least;
    }
    smallest[s] = least;
  }
}

/// Whether a row is too far by its lower bound. NaN and infinity come from float32's overflow and
/// say nothing.
inline bool too_far(float bound, float limit) {
  return bound > limit && bound <= std::numeric_limits<float>::max();
}

/// Products of one query with a block of rows to lower bounds of squared distances less the query's
/// squared norm, in place; and whether each step has one that is not too far.
/// @param slack  for each unit of a row's length
THIMBLE_SIMD_CLONES
void to_bounds(const float* norms, const float* lengths, float slack, float smallest_slack,
               float limit, float* products, std::uint32_t* candidates) {
  for (std::size_t s = 0; s < kSteps; ++s) {
    std::uint32_t any = 0;
    for (std::size_t j = s * kStep; j < (s + 1) * kStep; ++j) {
      const float bound = norms[j] - 2 * products[j] - slack * lengths[j] - smallest_slack;
      products[j] = bound;
      any |= too_far(bound, limit) ? 0U : 1U;
    }
    candidates[s] = any;
  }
}

/// In float64, the same on every processor.
THIMBLE_SIMD_CLONES
double squared_distance(const float* x, const float* y, std::size_t d) {
  constexpr std::size_t kLanes = 8;
  double sums[kLanes] = {};
  std::size_t j = 0;
  for (; j + kLanes <= d; j += kLanes) {
    for (std::size_t i = 0; i < kLanes; ++i) {
      const double difference = static_cast<double>(x[j + i]) - static_cast<double>(y[j + i]);
      sums[i] += difference * difference;
    }
  }
  for (; j < d; ++j) {
    const double difference = static_cast<double>(x[j]) - static_cast<double>(y[j]);
    sums[0] += difference * difference;
  }
  const double sum =
      ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  return sum <= std::numeric_limits<double>::max() ? sum : kInfinity;  // nor NaN
}

double squared_norm(std::span<const float> row) {
  double sum = 0;
  for (const float x : row) sum += static_cast<double>(x) * static_cast<double>(x);
  return sum;
}

/// The nearest float that is not below `x`.
float rounded_up(double x) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  if (!(x < kLargest)) return std::numeric_limits<float>::infinity();
  if (x < -kLargest) return -kLargest;
  const auto nearest = static_cast<float>(x);
  return nearest < x ? std::nextafter(nearest, std::numeric_limits<float>::infinity()) : nearest;
}

/// The rows [begin, end) that a task looks through for the queries [first, last).
struct Part {
  std::size_t first, last;
  std::size_t begin, end;
};

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

/// Compares queries with rows of bytes.
class ByteSearch {
 public:
  static constexpr std::size_t kQueryBlock = kByteQueryBlock;

  ByteSearch(const linalg::PackedBytes& rows, std::span<const std::uint8_t> queries)
      : rows_(rows), queries_(queries), norms_(linalg::squared_norms(queries, rows.dims())) {}

  /// @param nearest  of the part's queries
  void operator()(const Part& part, std::span<Nearest> nearest) const {
    const std::size_t d = rows_.dims();
    const std::size_t count = part.last - part.first;
    std::vector<std::uint32_t> products(count * kRowBlock);
    std::array<std::uint32_t, kRowBlock> norms{};
    for (std::size_t begin = part.begin; begin < part.end; begin += kRowBlock) {
      const std::size_t end = std::min(begin + kRowBlock, part.end);
      linalg::byte_products(queries_.subspan(part.first * d, count * d), count, rows_, begin, end,
                            products.data(), kRowBlock);
      std::ranges::copy(rows_.squared_norms().subspan(begin, end - begin), norms.begin());
      for (std::size_t i = 0; i < count; ++i) {
        look_through(norms_[part.first + i], norms, products.data() + i * kRowBlock, begin, end,
                     nearest[i]);
      }
    }
  }

 private:
  static void look_through(std::uint32_t query_norm, std::span<const std::uint32_t> norms,
                           std::uint32_t* products, std::size_t begin, std::size_t end,
                           Nearest& nearest) {
    std::array<std::uint32_t, kSteps> smallest;
    to_distances(query_norm, norms.data(), products, smallest.data());
    for (std::size_t s = 0; s * kStep < end - begin; ++s) {
      if (smallest[s] >= nearest.limit()) continue;
      for (std::size_t j = s * kStep; j < std::min((s + 1) * kStep, end - begin); ++j) {
        if (products[j] < nearest.limit()) {
          nearest.add({static_cast<double>(products[j]), static_cast<std::int32_t>(begin + j)});
        }
      }
    }
  }

  const linalg::PackedBytes& rows_;
  std::span<const std::uint8_t> queries_;
  std::vector<std::uint32_t> norms_;
};

/// Compares queries with rows of floats.
class FloatSearch {
 public:
  static constexpr std::size_t kQueryBlock = kFloatQueryBlock;

  /// @param norms, lengths  float [rows]: see NearestNeighbors
  FloatSearch(const linalg::Matrix& rows, std::span<const float> norms,
              std::span<const float> lengths, const Features& queries)
      : rows_(rows), norms_(norms), lengths_(lengths), queries_(queries) {}

  /// @param nearest  of the part's queries
  void operator()(const Part& part, std::span<Nearest> nearest) const {
    const std::size_t d = rows_.columns();
    const std::size_t count = part.last - part.first;
    std::vector<float> queries(count * d);
    queries_.copy(part.first, part.last, queries.data());
    std::vector<float> products(count * kRowBlock);
    std::vector<double> query_norms(count);
    for (std::size_t i = 0; i < count; ++i) {
      query_norms[i] = squared_norm(std::span(queries).subspan(i * d, d));
    }
    for (std::size_t begin = part.begin; begin < part.end; begin += kRowBlock) {
      const std::size_t end = std::min(begin + kRowBlock, part.end);
      linalg::sgemm(linalg::Transpose::no, linalg::Transpose::yes, count, end - begin, d, 1,
                    queries.data(), d, rows_.data() + begin * d, d, 0, products.data(), kRowBlock);
      const RowBlock rows(norms_, lengths_, begin, end);
      for (std::size_t i = 0; i < count; ++i) {
        look_through(rows, {queries.data() + i * d, query_norms[i]},
                     products.data() + i * kRowBlock, nearest[i]);
      }
    }
  }

 private:
  /// A block of rows, padded.
  struct RowBlock {
    RowBlock(std::span<const float> all_norms, std::span<const float> all_lengths,
             std::size_t first, std::size_t last)
        : begin(first), count(last - first) {
      std::ranges::copy(all_norms.subspan(begin, count), norms.begin());
      std::ranges::copy(all_lengths.subspan(begin, count), lengths.begin());
    }
    std::size_t begin, count;
    std::array<float, kRowBlock> norms{};
    std::array<float, kRowBlock> lengths{};
  };

  struct Query {
    const float* values;
    double squared_norm;
  };

  void look_through(const RowBlock& rows, const Query& query, float* products,
                    Nearest& nearest) const {
    const auto d = static_cast<double>(rows_.columns());
    // Twice what a product may be off (d roundoffs, in any order of summation), and the roundings
    // of the bound itself; products below the normal numbers may be lost altogether.
    const double share = d * kRoundoff < 0.5 ? d * kRoundoff / (1 - d * kRoundoff) : kInfinity;
    const float slack = rounded_up(2 * std::sqrt(query.squared_norm) * (share + 8 * kRoundoff));
    const float smallest_slack = rounded_up(4 * d * std::numeric_limits<float>::min());
    const auto limit = [&] {
      constexpr double kOf64Bits = 1e-9;  // more than sums in float64 are off
      return rounded_up(nearest.limit() * (1 + kOf64Bits) - query.squared_norm * (1 - kOf64Bits));
    };
    std::array<std::uint32_t, kSteps> candidates;
    float now = limit();
    to_bounds(rows.norms.data(), rows.lengths.data(), slack, smallest_slack, now, products,
              candidates.data());
    for (std::size_t s = 0; s * kStep < rows.count; ++s) {
      if (candidates[s] == 0) continue;
      for (std::size_t j = s * kStep; j < std::min((s + 1) * kStep, rows.count); ++j) {
        if (too_far(products[j], now)) continue;
        const std::size_t row = rows.begin + j;
        nearest.add({squared_distance(query.values, rows_[row].data(), rows_.columns()),
                     static_cast<std::int32_t>(row)});
        now = limit();
      }
    }
  }

  const linalg::Matrix& rows_;
  std::span<const float> norms_;
  std::span<const float> lengths_;
  const Features& queries_;
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

NearestNeighbors::NearestNeighbors(const Features& rows)
    : n_(rows.size()),
      d_(rows.dims()),
      is_bytes_(rows.is_bytes() && rows.dims() <= linalg::kLongestByteVector),
      scale_(rows.is_bytes() ? rows.scale() : 1) {
  if (n_ > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    throw ShapeError(fmt::format("nearest neighbours: {} rows are too many", n_));
  }
  if (is_bytes_) {
    packed_ = linalg::PackedBytes(rows.bytes(), n_, d_);
    return;
  }
  values_ = linalg::Matrix(n_, d_);
  low_norms_.resize(n_);
  lengths_.resize(n_);
  constexpr std::size_t kGrain = 256;
  parallel_for(n_, kGrain, [&](std::size_t begin, std::size_t end) {
    rows.copy(begin, end, values_.data() + begin * d_);
    for (std::size_t i = begin; i < end; ++i) {
      const double norm = squared_norm(std::as_const(values_)[i]);
      low_norms_[i] = -rounded_up(-norm * (1 - 4 * kRoundoff));
      lengths_[i] = rounded_up(std::sqrt(norm));
    }
  });
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
    return search_all(FloatSearch(values_, low_norms_, lengths_, queries), queries.size(), n_, k,
                      1);
  }
  if (!queries.is_bytes() || queries.scale() != scale_) {
    throw ShapeError("nearest neighbours: the rows are bytes, the queries are not of their scale");
  }
  const auto scale = static_cast<double>(scale_);
  return search_all(ByteSearch(packed_, queries.bytes()), queries.size(), n_, k, scale * scale);
}

std::vector<std::uint8_t> NearestNeighbors::bytes() const {
  std::vector<std::uint8_t> rows(n_ * d_);
  for (std::size_t i = 0; i < n_; ++i) packed_.copy_row(i, std::span(rows).subspan(i * d_, d_));
  return rows;
}

}  // namespace thimble::classical
