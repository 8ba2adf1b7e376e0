#include "linalg/products.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"

namespace thimble::linalg {
namespace {

std::vector<float> random_floats(std::size_t n, Random& random) {
  std::vector<float> values(n);
  for (float& x : values) x = static_cast<float>(random.normal());
  return values;
}

RC_GTEST_PROP(Sgemm, EqualsSumsInFloat64, ()) {
  const auto size = rc::gen::inRange<std::size_t>(1, 20);
  const auto [m, n, k] = *rc::gen::tuple(size, size, size);
  const auto transpose_a = *rc::gen::element(Transpose::no, Transpose::yes);
  const auto transpose_b = *rc::gen::element(Transpose::no, Transpose::yes);
  const auto spare = *rc::gen::inRange<std::size_t>(0, 3);
  const float beta = *rc::gen::element(0.0F, 1.0F, 0.5F);
  Random random(*rc::gen::arbitrary<std::uint64_t>());
  const std::size_t lda = (transpose_a == Transpose::no ? k : m) + spare;
  const std::size_t ldb = (transpose_b == Transpose::no ? n : k) + spare;
  const std::size_t ldc = n + spare;
  const auto a = random_floats((transpose_a == Transpose::no ? m : k) * lda, random);
  const auto b = random_floats((transpose_b == Transpose::no ? k : n) * ldb, random);
  const auto before = random_floats(m * ldc, random);
  auto c = before;
  sgemm(transpose_a, transpose_b, m, n, k, 2, a.data(), lda, b.data(), ldb, beta, c.data(), ldc);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < ldc; ++j) {
      if (j >= n) {
        RC_ASSERT(c[i * ldc + j] == before[i * ldc + j]);
        continue;
      }
      double sum = 0;
      for (std::size_t l = 0; l < k; ++l) {
        sum += double{transpose_a == Transpose::no ? a[i * lda + l] : a[l * lda + i]} *
               double{transpose_b == Transpose::no ? b[l * ldb + j] : b[j * ldb + l]};
      }
      const double expected = 2 * sum + double{beta} * double{before[i * ldc + j]};
      RC_ASSERT(std::abs(c[i * ldc + j] - expected) < 1e-4);
    }
  }
}

TEST(Sgemm, OverwritesWhatIsNoNumber) {
  const float one = 1;
  float c = std::numeric_limits<float>::quiet_NaN();
  sgemm(Transpose::no, Transpose::no, 1, 1, 1, 1, &one, 1, &one, 1, 0, &c, 1);
  EXPECT_EQ(c, 1);
}

TEST(Sgemm, NothingToDo) {
  sgemm(Transpose::no, Transpose::no, 0, 3, 2, 1, nullptr, 2, nullptr, 3, 0, nullptr, 3);
  sgemm(Transpose::no, Transpose::no, 3, 0, 2, 1, nullptr, 2, nullptr, 1, 0, nullptr, 1);
}

TEST(Sgemm, TheSameForAnyNumberOfThreads) {
  Random random(1);
  const auto a = random_floats(std::size_t{130} * 300, random);
  const auto product = [&](int threads) {
    set_thread_count(threads);
    std::vector<float> c(130 * 130);
    sgemm(Transpose::no, Transpose::yes, 130, 130, 300, 1, a.data(), 300, a.data(), 300, 0,
          c.data(), 130);
    return c;
  };
  const int before = thread_count();
  const auto one = product(1);
  const auto five = product(5);
  set_thread_count(before);
  EXPECT_EQ(one, five);
}

TEST(Sgemm, RefusesRowsThatOverlap) {
  float values[16] = {};
  EXPECT_THROW(sgemm(Transpose::no, Transpose::no, 2, 2, 4, 1, values, 3, values, 2, 0, values, 2),
               ShapeError);
}

RC_GTEST_PROP(SymmetricEigensystem, GivesTheMatrixBack, ()) {
  const auto n = *rc::gen::inRange<std::size_t>(1, 12);
  Random random(*rc::gen::arbitrary<std::uint64_t>());
  std::vector<double> matrix(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) matrix[i * n + j] = matrix[j * n + i] = random.normal();
  }
  std::vector<double> lower = matrix;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) lower[i * n + j] = 1e9;
  }
  const Eigensystem system = symmetric_eigensystem(lower, n);
  RC_ASSERT(std::ranges::is_sorted(system.values, std::greater<>()));
  for (std::size_t i = 0; i < n; ++i) {
    double largest = 0;
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0;
      double product = 0;
      for (std::size_t l = 0; l < n; ++l) {
        const double* vector = system.vectors.data() + l * n;
        sum += system.values[l] * vector[i] * vector[j];
        product += system.vectors[i * n + l] * system.vectors[j * n + l];
      }
      RC_ASSERT(std::abs(sum - matrix[i * n + j]) < 1e-12 * static_cast<double>(n));
      RC_ASSERT(std::abs(product - (i == j ? 1 : 0)) < 1e-12 * static_cast<double>(n));
      const double entry = system.vectors[i * n + j];
      if (std::abs(entry) > std::abs(largest)) largest = entry;
    }
    RC_ASSERT(largest > 0);
  }
}

TEST(SymmetricEigensystem, RefusesWhatIsNoMatrix) {
  const std::vector<double> three(3);
  EXPECT_THROW(symmetric_eigensystem(three, 2), ShapeError);
  std::vector<double> nan(4, std::numeric_limits<double>::quiet_NaN());
  EXPECT_THROW(symmetric_eigensystem(nan, 2), DataError);
  EXPECT_TRUE(symmetric_eigensystem({}, 0).values.empty());
}

}  // namespace
}  // namespace thimble::linalg
