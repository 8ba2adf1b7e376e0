#include "classical/kernel.hpp"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace thimble::classical {
namespace {

constexpr KernelKind kKinds[] = {KernelKind::linear, KernelKind::poly, KernelKind::rbf,
                                 KernelKind::sigmoid};

/// By the definitions, in double.
double expected(const Kernel& kernel, double product, double norm_x, double norm_y) {
  const double inner = kernel.gamma * product + kernel.coef0;
  switch (kernel.kind) {
    case KernelKind::linear:
      return product;
    case KernelKind::poly:
      return std::pow(inner, kernel.degree);
    case KernelKind::rbf:
      return std::exp(-kernel.gamma * (norm_x + norm_y - 2 * product));
    case KernelKind::sigmoid:
      return std::tanh(inner);
  }
  return 0;
}

void expect_near(double actual, double wanted) {
  EXPECT_NEAR(actual, wanted, 2e-6 * std::max(1.0, std::abs(wanted)));
}

TEST(Kernel, FollowsTheDefinitionsForBytes) {
  // Large enough for distances that do not fit into a signed 32-bit integer.
  const std::vector<std::uint32_t> norms = {0, 7, 1000, 4'000'000'000u, 4'294'000'000u};
  const std::vector<std::uint32_t> products = {0, 11, 500, 12'345'678u, 0};
  const std::uint32_t query_norm = 900'000;
  for (const KernelKind kind : kKinds) {
    const float scale = 1.0F / 255;
    const Kernel kernel{kind, 1e-4, 0.25, 3};
    std::vector<float> out(norms.size());
    apply_kernel(kernel, scale, products.data(), query_norm, norms.data(), norms.size(),
                 out.data());
    const double square = static_cast<double>(scale) * static_cast<double>(scale);
    for (std::size_t i = 0; i < norms.size(); ++i) {
      // Modulo 2^32, as the norms and products need not belong to real vectors here.
      const std::uint32_t distance = query_norm + norms[i] - 2 * products[i];
      const double wanted = kind == KernelKind::rbf
                                ? std::exp(-kernel.gamma * square * static_cast<double>(distance))
                                : expected(kernel, products[i] * square, 0, 0);
      expect_near(out[i], wanted);
    }
  }
}

TEST(Kernel, FollowsTheDefinitionsForFloats) {
  Random random(1);
  std::vector<float> products, norms;
  for (int i = 0; i < 37; ++i) {
    products.push_back(static_cast<float>(random.uniform(-2, 2)));
    norms.push_back(static_cast<float>(random.uniform(4, 6)));
  }
  for (const KernelKind kind : kKinds) {
    const Kernel kernel{kind, 0.7, -0.25, 4};
    std::vector<float> out(norms.size());
    apply_kernel(kernel, products.data(), 5, norms.data(), norms.size(), out.data());
    for (std::size_t i = 0; i < norms.size(); ++i) {
      expect_near(out[i], expected(kernel, products[i], 5, norms[i]));
    }
  }
}

TEST(Kernel, TakesRoundingBelowZeroForNoDistance) {
  const Kernel kernel{KernelKind::rbf, 1000, 0, 0};
  const float product = 1.0001F;
  const float norm = 1;
  float out = 0;
  apply_kernel(kernel, &product, 1, &norm, 1, &out);
  EXPECT_EQ(out, 1);
}

TEST(ScaleGamma, IsOneOverFeaturesTimesVariance) {
  const std::vector<std::uint8_t> bytes = {0, 10, 255, 3, 77, 200};
  double mean = 0;
  for (const double b : bytes) mean += b / 6;
  double variance = 0;
  for (const double b : bytes) variance += (b - mean) * (b - mean) / 6;
  EXPECT_NEAR(scale_gamma(Features(bytes, 2, 0.5F)), 1 / (2 * variance * 0.25), 1e-12);

  linalg::Matrix values(3, 2);
  std::ranges::copy(bytes, values.values().begin());
  EXPECT_NEAR(scale_gamma(Features(std::move(values))), 1 / (2 * variance), 1e-12);
}

TEST(ScaleGamma, IsOneWhereNothingVaries) {
  const std::vector<std::uint8_t> bytes(12, 9);
  EXPECT_EQ(scale_gamma(Features(bytes, 4, 1)), 1);
}

}  // namespace
}  // namespace thimble::classical
