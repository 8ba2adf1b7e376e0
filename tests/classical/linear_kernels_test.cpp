#include "classical/linear_kernels.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace thimble::classical {
namespace {

template <class Number>
std::vector<Number> random_numbers(std::size_t n, Random& random) {
  std::vector<Number> values(n);
  for (Number& value : values) value = static_cast<Number>(random.uniform(-1, 1));
  return values;
}

template <class Number>
void expect_sums(double tolerance) {
  Random random(5);
  for (const std::size_t outputs : {2U, 4U, 6U, 8U, 10U, 12U, 22U, 62U}) {
    for (const std::size_t rows : {1U, 2U, 7U, 64U}) {
      const std::size_t dims = kFeatureMultiple * (1 + outputs % 3);
      const auto x = random_numbers<Number>(rows * dims, random);
      const auto weights = random_numbers<Number>(outputs * dims, random);
      const auto residuals = random_numbers<Number>(outputs * kBlockRows, random);
      std::vector<Number> z(outputs * kBlockRows, 99);
      std::vector<double> sums(outputs * dims, 3);
      block_decisions<Number>(x.data(), rows, dims, weights.data(), outputs, z.data());
      block_sums<Number>(x.data(), rows, dims, residuals.data(), outputs, sums.data());
      for (std::size_t c = 0; c < outputs; ++c) {
        for (std::size_t r = 0; r < kBlockRows; ++r) {
          double expected = 0;
          for (std::size_t j = 0; r < rows && j < dims; ++j) {
            expected +=
                static_cast<double>(weights[c * dims + j]) * static_cast<double>(x[r * dims + j]);
          }
          ASSERT_NEAR(static_cast<double>(z[c * kBlockRows + r]), r < rows ? expected : 99.0,
                      tolerance);
        }
        for (std::size_t j = 0; j < dims; ++j) {
          double expected = 3;
          for (std::size_t r = 0; r < rows; ++r) {
            expected += static_cast<double>(residuals[c * kBlockRows + r]) *
                        static_cast<double>(x[r * dims + j]);
          }
          ASSERT_NEAR(sums[c * dims + j], expected, tolerance);
        }
      }
    }
  }
}

TEST(LinearKernels, AgreeWithPlainLoops) {
  expect_sums<float>(1e-5);
  expect_sums<double>(1e-13);
}

TEST(LinearKernels, TriangleSquareProduct) {
  Random random(6);
  for (const std::size_t order : {1U, 2U, 15U, 16U, 17U, 100U}) {
    const auto triangle = random_numbers<float>(order * (order + 1) / 2, random);
    const auto x = random_numbers<float>(order, random);
    std::vector<float> result(order, 99);
    triangle_square_product(triangle.data(), order, x.data(), result.data());
    std::vector<double> expected(order);
    for (std::size_t i = 0; i < order; ++i) {
      const float* row = triangle.data() + i * (i + 1) / 2;
      double y = 0;
      for (std::size_t j = 0; j <= i; ++j) {
        y += static_cast<double>(row[j]) * static_cast<double>(x[j]);
      }
      for (std::size_t j = 0; j <= i; ++j) expected[j] += y * static_cast<double>(row[j]);
    }
    for (std::size_t j = 0; j < order; ++j) {
      ASSERT_NEAR(static_cast<double>(result[j]), expected[j], 1e-4) << order;
    }
  }
}

}  // namespace
}  // namespace thimble::classical
