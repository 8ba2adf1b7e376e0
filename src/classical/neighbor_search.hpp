// How NearestNeighbors looks through rows: one search for bytes, one for floats.

#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "classical/features.hpp"
#include "linalg/byte_products.hpp"
#include "linalg/matrix.hpp"

namespace thimble::classical {

/// Rows compared with a block of queries before the results are looked through; a multiple of
/// linalg::kByteProductsPanel.
inline constexpr std::size_t kRowBlock = 1024;
/// Results are looked through in steps: first at what is known of a step as a whole.
inline constexpr std::size_t kStep = 64;
inline constexpr std::size_t kSteps = kRowBlock / kStep;

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Candidate {
  double distance;  ///< squared; infinity where not a number
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

/// The rows [begin, end) that a task looks through for the queries [first, last).
struct Part {
  std::size_t first, last;
  std::size_t begin, end;
};

/// Compares queries with rows of bytes.
class ByteSearch {
 public:
  /// Queries at a time: the results of a block stay in the second-level cache.
  static constexpr std::size_t kQueryBlock = 96;

  /// @param queries  uint8 [m, rows.dims()]
  ByteSearch(const linalg::PackedBytes& rows, std::span<const std::uint8_t> queries);

  /// @param nearest  of the part's queries
  void operator()(const Part& part, std::span<Nearest> nearest) const;

 private:
  const linalg::PackedBytes& rows_;
  std::span<const std::uint8_t> queries_;
  std::vector<std::uint32_t> norms_;
};

/// Rows of floats, and what bounds their distances.
class FloatRows {
 public:
  FloatRows() = default;
  explicit FloatRows(linalg::Matrix values);

  const linalg::Matrix& values() const { return values_; }
  /// |y|^2 less its own rounding, float [n].
  std::span<const float> low_norms() const { return low_norms_; }
  /// |y|, rounded up, float [n].
  std::span<const float> lengths() const { return lengths_; }

 private:
  linalg::Matrix values_;
  std::vector<float> low_norms_;
  std::vector<float> lengths_;
};

/// Compares queries with rows of floats.
class FloatSearch {
 public:
  /// More queries at a time than ByteSearch, as sgemm lays out the rows anew for each block.
  static constexpr std::size_t kQueryBlock = 192;

  FloatSearch(const FloatRows& rows, const Features& queries);

  /// @param nearest  of the part's queries
  void operator()(const Part& part, std::span<Nearest> nearest) const;

 private:
  const FloatRows& rows_;
  const Features& queries_;
};

}  // namespace thimble::classical
