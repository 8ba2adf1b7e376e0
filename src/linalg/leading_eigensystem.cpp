#include "linalg/leading_eigensystem.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "base/simd.hpp"
#include "linalg/matrix.hpp"

namespace thimble::linalg {
namespace {

/// Columns of a product that one thread works on at a time.
constexpr std::size_t kColumns = 192;

/// Multiplications below which a thread is not worth waking up.
constexpr std::size_t kWorthAThread = 200000;

/// a b or a b^T, in parallel.
Matrix product(const Matrix& a, const Matrix& b, Transpose transpose_b) {
  const bool transposed = transpose_b == Transpose::yes;
  const std::size_t columns = transposed ? b.rows() : b.columns();
  Matrix c(a.rows(), columns);
  parallel_tasks((columns + kColumns - 1) / kColumns, [&](std::size_t task) {
    const std::size_t begin = task * kColumns;
    const std::size_t count = std::min(kColumns, columns - begin);
    const float* part = b.data() + (transposed ? begin * b.columns() : begin);
    sgemm(Transpose::no, transpose_b, a.rows(), count, a.columns(), 1, a.data(), a.columns(), part,
          b.columns(), 0, c.data() + begin, columns);
  });
  return c;
}

THIMBLE_SIMD_CLONES
void subtract_product(double* to, const double* from, std::size_t n, double factor) {
  for (std::size_t i = 0; i < n; ++i) to[i] -= from[i] * factor;
}

/// Rows of length 1; for a row of zeros, one at random.
void normalize_rows(Matrix& rows, Random& random) {
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    if (std::ranges::any_of(rows[i], [](float x) { return x != 0; })) continue;
    for (float& x : rows[i]) x = static_cast<float>(random.normal());
  }
  parallel_for(rows.rows(), 8, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      double squares = 0;
      for (const float x : rows[i]) squares += static_cast<double>(x) * static_cast<double>(x);
      const auto factor = static_cast<float>(1 / std::sqrt(squares));
      for (float& x : rows[i]) x *= factor;
    }
  });
}

/// Makes the rows orthonormal: with rows rows^T = L L^T (Cholesky), they become L^-1 rows.
void orthonormalize(Matrix& rows, Random& random) {
  // Directions nearly alike lose digits the first time; the second time they are nearly orthogonal,
  // and those that depended on others are random.
  for (int pass = 0; pass < 2; ++pass) {
    normalize_rows(rows, random);
    const Matrix gram = product(rows, rows, Transpose::yes);
    const std::size_t n = rows.rows();
    // Gram matrix and identity, turned into L^T and L^-1 by eliminating below the diagonal.
    std::vector<double> left(gram.values().begin(), gram.values().end());
    std::vector<double> right(n * n);
    for (std::size_t i = 0; i < n; ++i) right[i * n + i] = 1;
    for (std::size_t i = 0; i < n; ++i) {
      // The rows have length 1, so this is the square of what the row has of its own.
      constexpr double kDependent = 1e-6;
      const double pivot = left[i * n + i];
      const double scale = pivot > kDependent ? 1 / std::sqrt(pivot) : 0.0;
      for (std::size_t j = i; j < n; ++j) left[i * n + j] *= scale;
      for (std::size_t j = 0; j <= i; ++j) right[i * n + j] *= scale;
      if (scale == 0) continue;
      const std::size_t rows_worth_a_thread = kWorthAThread / (n + 1);
      parallel_for(n - i - 1, rows_worth_a_thread, [&](std::size_t begin, std::size_t end) {
        for (std::size_t j = i + 1 + begin; j < i + 1 + end; ++j) {
          const double factor = left[i * n + j];
          subtract_product(&left[j * n + j], &left[i * n + j], n - j, factor);
          subtract_product(&right[j * n], &right[i * n], i + 1, factor);
        }
      });
    }
    Matrix inverse(n, n);
    std::ranges::copy(right, inverse.values().begin());
    rows = product(inverse, rows, Transpose::no);
  }
}

/// Turns the orthonormal `rows` into approximate eigenvectors, largest eigenvalue first (Ritz
/// vectors), and returns the eigenvalues.
/// @param images  the rows times the matrix; turned alike
std::vector<double> rotate_to_ritz(Matrix& rows, Matrix& images) {
  const std::size_t n = rows.rows();
  const Matrix projected = product(images, rows, Transpose::yes);
  const Eigensystem small = symmetric_eigensystem(
      std::vector<double>(projected.values().begin(), projected.values().end()), n);
  Matrix rotation(n, n);
  std::ranges::copy(small.vectors, rotation.values().begin());
  rows = product(rotation, rows, Transpose::no);
  images = product(rotation, images, Transpose::no);
  return small.values;
}

bool alike(const std::vector<double>& a, const std::vector<double>& b, std::size_t k) {
  constexpr double kTolerance = 1e-6;
  double difference = 0;
  for (std::size_t i = 0; i < k; ++i) difference = std::max(difference, std::abs(a[i] - b[i]));
  return difference <= kTolerance * a[0];
}

}  // namespace

Eigensystem leading_eigensystem(std::span<const double> matrix, std::size_t n, std::size_t k,
                                Progress& progress) {
  if (matrix.size() != n * n || k < 1 || k > n) {
    throw ShapeError("eigensystem: the matrix is not square, or has fewer vectors than asked for");
  }
  Matrix m(n, n);
  std::ranges::transform(matrix, m.values().begin(),
                         [](double x) { return static_cast<float>(x); });
  if (!std::ranges::all_of(m.values(), [](float x) { return std::isfinite(x); })) {
    throw DataError("eigensystem: the matrix holds NaN or infinity");
  }
  // The more directions beyond k, the faster the k settle.
  const std::size_t width = std::min(n, k + std::max<std::size_t>(k / 2, 16));
  Matrix rows(width, n);  // zeros, which orthonormalize() makes random
  Random random(n);
  constexpr int kMostRounds = 60;
  constexpr int kProductsARound = 3;
  std::vector<double> values;
  for (int round = 0; round < kMostRounds; ++round) {
    progress.update(static_cast<std::uint64_t>(round), 0, "eigenvectors");
    for (int i = 0; i < kProductsARound; ++i) {
      if (progress.stop_requested()) throw Cancelled("cancelled");
      orthonormalize(rows, random);
      if (i + 1 < kProductsARound) rows = product(rows, m, Transpose::no);
    }
    Matrix images = product(rows, m, Transpose::no);
    std::vector<double> last = std::exchange(values, rotate_to_ritz(rows, images));
    if (!last.empty() && alike(values, last, k)) break;
    rows = std::move(images);
  }
  Eigensystem system;
  system.values.assign(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(k));
  for (std::size_t i = 0; i < k; ++i) {
    const auto row = rows[i];
    const auto largest = std::ranges::max_element(row, {}, [](float x) { return std::abs(x); });
    const double sign = *largest < 0 ? -1.0 : 1.0;
    for (const float x : row) system.vectors.push_back(sign * static_cast<double>(x));
  }
  return system;
}

}  // namespace thimble::linalg
