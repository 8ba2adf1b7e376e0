// Products and decompositions of float matrices: the door to oneDNN and Eigen.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "linalg/matrix.hpp"

namespace thimble::linalg {

enum class Transpose { no, yes };

/// C = alpha op(A) op(B) + beta C, as BLAS's sgemm with row-major matrices; op(A) is m x k, op(B)
/// k x n, C m x n. `lda`, `ldb`, `ldc` are the distances between rows in memory.
///
/// Runs on the calling thread alone, so that results do not depend on the number of threads:
/// callers split their work into blocks of a fixed size and hand those to parallel_tasks().
void sgemm(Transpose transpose_a, Transpose transpose_b, std::size_t m, std::size_t n,
           std::size_t k, float alpha, const float* a, std::size_t lda, const float* b,
           std::size_t ldb, float beta, float* c, std::size_t ldc);

/// The eigenvalues of a symmetric matrix, largest first, and their vectors.
struct Eigensystem {
  std::vector<double> values;  ///< double [n]
  /// double [n, n], row i belongs to values[i]; unit length, its entry of largest magnitude
  /// positive
  std::vector<double> vectors;
};

/// @param matrix  double [n, n], symmetric; only the lower triangle is read
/// @throws DataError  if it holds NaN or infinity
Eigensystem symmetric_eigensystem(std::span<const double> matrix, std::size_t n);

}  // namespace thimble::linalg
