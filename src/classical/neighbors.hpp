// Exact nearest neighbours by comparing with every row.
//
// Distances between 8-bit samples are integers, taken from linalg/byte_products.hpp. Between float
// samples, float32 products give each distance a lower bound,
//
//     |x - y|^2 >= |y|^2 - 2 fl(x . y) + |x|^2 - slack,  slack ~ 2 d 2^-24 |x| |y|
//
// (N. J. Higham: Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1), and rows
// whose bound is small enough are compared in float64, which decides.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "classical/features.hpp"
#include "linalg/byte_products.hpp"
#include "linalg/matrix.hpp"

namespace thimble::classical {

class FloatRows;

/// The nearest rows of each query, nearest first; of equally near ones the lower index first.
struct Neighbors {
  std::size_t k = 0;
  std::vector<std::int32_t> indices;      ///< int32 [queries, k]
  std::vector<double> squared_distances;  ///< float64 [queries, k]; infinity where not a number
};

/// Rows to search among; keeps a copy of them.
///
/// Thread safety: const functions may be called from several threads at once.
class NearestNeighbors {
 public:
  NearestNeighbors();
  explicit NearestNeighbors(const Features& rows);
  ~NearestNeighbors();
  NearestNeighbors(NearestNeighbors&&) noexcept;
  NearestNeighbors& operator=(NearestNeighbors&&) noexcept;

  std::size_t size() const { return n_; }
  std::size_t dims() const { return d_; }

  /// The k nearest rows by Euclidean distance, those of a float64 comparison with every row. Works
  /// on all cores, for a single query too; results do not depend on their number.
  ///
  /// @throws ShapeError  if k is 0 or above size(), if the queries have other dimensions than the
  ///                     rows, or if one of them is bytes of another scale
  Neighbors search(const Features& queries, std::size_t k) const;

  /// If the rows are kept as bytes: those of 8-bit features of at most kLongestByteVector
  /// dimensions are.
  bool is_bytes() const { return is_bytes_; }
  /// The value of a byte.
  float scale() const { return scale_; }
  /// The rows, uint8 [n, d]; only if is_bytes().
  std::vector<std::uint8_t> bytes() const;
  /// The rows, only if not is_bytes().
  const linalg::Matrix& values() const;

 private:
  std::size_t n_ = 0;
  std::size_t d_ = 0;
  float scale_ = 1;
  bool is_bytes_ = false;
  linalg::PackedBytes byte_rows_;
  std::unique_ptr<const FloatRows> float_rows_;  ///< null if the rows are bytes
};

/// How much each neighbour's class counts.
enum class NeighborWeights {
  uniform,   ///< all the same
  distance,  ///< 1 / distance; a neighbour at distance 0 takes all the weight from others
};

/// Class probabilities by votes.
/// @param labels  int32 [rows], in [0, classes)
/// @param out     float32 [queries, classes]
void vote(const Neighbors& neighbors, std::span<const std::int32_t> labels, std::size_t classes,
          NeighborWeights weights, std::span<float> out);

}  // namespace thimble::classical
