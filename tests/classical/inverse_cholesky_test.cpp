#include "classical/inverse_cholesky.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace thimble::classical {
namespace {

/// B B^T + 1, of any rank up to n.
linalg::Matrix positive_matrix(std::size_t n, std::size_t rank) {
  linalg::Matrix factor(n, rank), matrix(n, n);
  Random random(n);
  for (float& value : factor.values()) value = static_cast<float>(random.uniform(-1, 1));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double sum = i == j ? 1 : 0;
      for (std::size_t k = 0; k < rank; ++k) {
        sum += static_cast<double>(factor[i][k]) * static_cast<double>(factor[j][k]);
      }
      matrix[i][j] = static_cast<float>(sum);
    }
  }
  return matrix;
}

TEST(InverseCholesky, MakesTheMatrixTheIdentity) {
  for (const std::size_t n : {1U, 2U, 63U, 64U, 65U, 150U}) {
    const linalg::Matrix matrix = positive_matrix(n, n / 2 + 1);
    linalg::Matrix inverse = matrix;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = i + 1; j < n; ++j) inverse[i][j] = -99;  // never read
    }
    ASSERT_TRUE(inverse_cholesky(inverse)) << n;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        if (j > i) {
          EXPECT_EQ(inverse[i][j], 0) << n;
        }
        if ((i * 7 + j) % 5 != 0 && i != j) continue;
        double product = 0;  // of L^-1 A L^-T
        for (std::size_t k = 0; k <= i; ++k) {
          for (std::size_t l = 0; l <= j; ++l) {
            product += static_cast<double>(inverse[i][k]) * static_cast<double>(matrix[k][l]) *
                       static_cast<double>(inverse[j][l]);
          }
        }
        EXPECT_NEAR(product, i == j ? 1 : 0, 2e-5) << n;
      }
    }
  }
}

TEST(InverseCholesky, RefusesMatricesThatAreNotPositive) {
  for (const std::size_t n : {1U, 5U, 100U}) {
    linalg::Matrix matrix = positive_matrix(n, n);
    matrix[n - 1][n - 1] = -1;
    EXPECT_FALSE(inverse_cholesky(matrix)) << n;
  }
  linalg::Matrix zero(3, 3);
  EXPECT_FALSE(inverse_cholesky(zero));
}

}  // namespace
}  // namespace thimble::classical
