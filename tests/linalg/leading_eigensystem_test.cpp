#include "linalg/leading_eigensystem.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"

namespace thimble::linalg {
namespace {

/// X^T X of m random rows, whose columns get smaller.
std::vector<double> random_matrix(std::size_t m, std::size_t n) {
  Random random(7);
  std::vector<double> rows(m * n);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      rows[i * n + j] = random.normal() / std::sqrt(1.0 + static_cast<double>(j));
    }
  }
  std::vector<double> matrix(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t k = 0; k < m; ++k) matrix[i * n + j] += rows[k * n + i] * rows[k * n + j];
    }
  }
  return matrix;
}

TEST(LeadingEigensystem, AgreesWithTheWholeSystem) {
  const std::size_t n = 150;
  Progress progress;
  for (const std::size_t m : {400U, 20U}) {  // with 20, the rank is less than k
    const auto matrix = random_matrix(m, n);
    const Eigensystem whole = symmetric_eigensystem(matrix, n);
    for (const std::size_t k : {1U, 30U, 150U}) {
      const Eigensystem leading = leading_eigensystem(matrix, n, k, progress);
      ASSERT_EQ(leading.values.size(), k);
      ASSERT_EQ(leading.vectors.size(), k * n);
      for (std::size_t i = 0; i < k; ++i) {
        EXPECT_NEAR(leading.values[i], whole.values[i], 2e-6 * whole.values[0]);
        // A v = lambda v, and v is of length 1.
        double error = 0;
        double length = 0;
        for (std::size_t r = 0; r < n; ++r) {
          double product = 0;
          for (std::size_t c = 0; c < n; ++c) {
            product += matrix[r * n + c] * leading.vectors[i * n + c];
          }
          error += std::pow(product - leading.values[i] * leading.vectors[i * n + r], 2);
          length += std::pow(leading.vectors[i * n + r], 2);
        }
        EXPECT_NEAR(length, 1, 1e-4);
        EXPECT_LT(std::sqrt(error), 2e-3 * whole.values[0]);
      }
    }
  }
}

TEST(LeadingEigensystem, OfNothingIsNothing) {
  Progress progress;
  for (const double value :
       leading_eigensystem(std::vector<double>(40 * 40), 40, 3, progress).values) {
    EXPECT_EQ(value, 0);
  }
}

TEST(LeadingEigensystem, DoesNotDependOnTheNumberOfThreads) {
  const auto matrix = random_matrix(300, 220);
  const int before = thread_count();
  Progress progress;
  std::vector<std::vector<double>> vectors;
  for (const int threads : {1, 2, 5}) {
    set_thread_count(threads);
    vectors.push_back(leading_eigensystem(matrix, 220, 10, progress).vectors);
  }
  set_thread_count(before);
  EXPECT_EQ(vectors[0], vectors[1]);
  EXPECT_EQ(vectors[0], vectors[2]);
}

TEST(LeadingEigensystem, RefusesWhatHasNone) {
  Progress progress;
  std::vector<double> matrix(9, 1.0);
  EXPECT_THROW(leading_eigensystem(matrix, 2, 1, progress), ShapeError);
  EXPECT_THROW(leading_eigensystem(matrix, 3, 4, progress), ShapeError);
  EXPECT_THROW(leading_eigensystem(matrix, 3, 0, progress), ShapeError);
  matrix[4] = NAN;
  EXPECT_THROW(leading_eigensystem(matrix, 3, 1, progress), DataError);
}

}  // namespace
}  // namespace thimble::linalg
