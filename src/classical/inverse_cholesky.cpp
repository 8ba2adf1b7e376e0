#include "classical/inverse_cholesky.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "linalg/products.hpp"

namespace thimble::classical {
namespace {

using linalg::Transpose;

constexpr std::size_t kBlock = 64;

/// Replaces the lower triangle of a small matrix by the inverse of its Cholesky factor.
bool invert_block(float* matrix, std::size_t n, std::size_t stride) {
  double factor[kBlock][kBlock] = {};
  double inverse[kBlock][kBlock] = {};
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = static_cast<double>(matrix[i * stride + j]);
      for (std::size_t k = 0; k < j; ++k) sum -= factor[i][k] * factor[j][k];
      if (i == j && !(sum > 0 && std::isfinite(sum))) return false;
      factor[i][j] = i == j ? std::sqrt(sum) : sum / factor[j][j];
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    inverse[i][i] = 1 / factor[i][i];
    for (std::size_t j = 0; j < i; ++j) {
      double sum = 0;
      for (std::size_t k = j; k < i; ++k) sum += factor[i][k] * inverse[k][j];
      inverse[i][j] = -sum * inverse[i][i];
    }
    for (std::size_t j = 0; j < n; ++j) matrix[i * stride + j] = static_cast<float>(inverse[i][j]);
  }
  return true;
}

void copy_block(const float* from, std::size_t rows, std::size_t columns, std::size_t stride,
                std::vector<float>& to) {
  to.resize(rows * columns);
  for (std::size_t r = 0; r < rows; ++r) {
    std::copy(from + r * stride, from + r * stride + columns, to.data() + r * columns);
  }
}

/// Blocks on the diagonal become the inverses of theirs, those below the factor's.
bool factorize(float* a, std::size_t n) {
  std::vector<float> panel;
  for (std::size_t first = 0; first < n; first += kBlock) {
    const std::size_t width = std::min(kBlock, n - first);
    const std::size_t end = first + width;
    float* diagonal = a + first * n + first;
    if (first > 0) {
      linalg::sgemm(Transpose::no, Transpose::yes, n - first, width, first, -1, a + first * n, n,
                    a + first * n, n, 1, diagonal, n);
    }
    if (!invert_block(diagonal, width, n)) return false;
    if (end == n) break;
    copy_block(a + end * n + first, n - end, width, n, panel);
    linalg::sgemm(Transpose::no, Transpose::yes, n - end, width, width, 1, panel.data(), width,
                  diagonal, n, 0, a + end * n + first, n);
  }
  return true;
}

}  // namespace

bool inverse_cholesky(linalg::Matrix& matrix) {
  const std::size_t n = matrix.rows();
  float* a = matrix.data();
  if (!factorize(a, n)) return false;
  for (std::size_t i = 0; i < n; ++i) std::fill(a + i * n + i + 1, a + (i + 1) * n, 0.0F);
  // Row by row of blocks: inverse[i, :i] = -inverse[i, i] (factor[i, :i] inverse[:i, :i]).
  std::vector<float> product;
  for (std::size_t first = kBlock; first < n; first += kBlock) {
    const std::size_t height = std::min(kBlock, n - first);
    product.resize(height * first);
    linalg::sgemm(Transpose::no, Transpose::no, height, first, first, 1, a + first * n, n, a, n, 0,
                  product.data(), first);
    linalg::sgemm(Transpose::no, Transpose::no, height, first, height, -1, a + first * n + first, n,
                  product.data(), first, 0, a + first * n, n);
  }
  return std::all_of(a, a + n * n, [](float x) { return std::isfinite(x); });
}

}  // namespace thimble::classical
