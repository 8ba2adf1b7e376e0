#include "linalg/products.hpp"

#include <algorithm>
#include <cmath>

#include <dnnl.h>
#include <Eigen/Eigenvalues>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "linalg/onednn_isa.hpp"

namespace thimble::linalg {

void sgemm(Transpose transpose_a, Transpose transpose_b, std::size_t m, std::size_t n,
           std::size_t k, float alpha, const float* a, std::size_t lda, const float* b,
           std::size_t ldb, float beta, float* c, std::size_t ldc) {
  if (m == 0 || n == 0) return;
  limit_onednn();
  const SerialScope serial;
  const auto letter = [](Transpose t) { return t == Transpose::yes ? 'T' : 'N'; };
  const auto dim = [](std::size_t size) { return static_cast<dnnl_dim_t>(size); };
  const dnnl_status_t status =
      dnnl_sgemm(letter(transpose_a), letter(transpose_b), dim(m), dim(n), dim(k), alpha, a,
                 dim(lda), b, dim(ldb), beta, c, dim(ldc));
  if (status == dnnl_out_of_memory) throw std::bad_alloc();
  if (status != dnnl_success) throw ShapeError("sgemm: sizes and row distances do not fit");
}

Eigensystem symmetric_eigensystem(std::span<const double> matrix, std::size_t n) {
  if (matrix.size() != n * n) throw ShapeError("eigensystem: the matrix is not square");
  if (n == 0) return {};
  if (!std::ranges::all_of(matrix, [](double x) { return std::isfinite(x); })) {
    throw DataError("eigensystem: the matrix holds NaN or infinity");
  }
  using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto order = static_cast<Eigen::Index>(n);
  const Eigen::SelfAdjointEigenSolver<Rows> solver(
      Eigen::Map<const Rows>(matrix.data(), order, order));
  if (solver.info() != Eigen::Success) throw DataError("eigensystem: no convergence");
  Eigensystem system;
  system.values.resize(n);
  system.vectors.resize(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto column = static_cast<Eigen::Index>(n - 1 - i);  // Eigen's are ascending
    system.values[i] = solver.eigenvalues()[column];
    const auto vector = solver.eigenvectors().col(column);
    Eigen::Index largest = 0;
    if (n > 0) vector.cwiseAbs().maxCoeff(&largest);
    const double sign = vector[largest] < 0 ? -1.0 : 1.0;
    for (std::size_t j = 0; j < n; ++j) {
      system.vectors[i * n + j] = sign * vector[static_cast<Eigen::Index>(j)];
    }
  }
  return system;
}

}  // namespace thimble::linalg
