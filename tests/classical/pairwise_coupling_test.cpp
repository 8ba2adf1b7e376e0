#include "classical/pairwise_coupling.hpp"

#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace thimble::classical {
namespace {

TEST(PairwiseCoupling, RecoversADistribution) {
  const std::vector<double> p = {0.5, 0.125, 0.25, 0.125};
  std::vector<double> pairwise(16);
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 4; ++j) pairwise[i * 4 + j] = p[i] / (p[i] + p[j]);
  }
  std::vector<double> coupled(4);
  couple_pairwise(pairwise, coupled);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(coupled[i], p[i], 5e-3);
}

TEST(PairwiseCoupling, OfTwoClassesIsTheirProbability) {
  const std::vector<double> pairwise = {0, 0.8, 0.2, 0};
  std::vector<double> coupled(2);
  couple_pairwise(pairwise, coupled);
  EXPECT_NEAR(coupled[0], 0.8, 2e-3);
}

TEST(PairwiseCoupling, IsADistribution) {
  EXPECT_TRUE(rc::check([] {
    const auto k = *rc::gen::inRange<std::size_t>(2, 70);
    std::vector<double> pairwise(k * k);
    for (std::size_t i = 0; i < k; ++i) {
      for (std::size_t j = i + 1; j < k; ++j) {
        // libsvm's bounds included.
        const double r = *rc::gen::element(1e-7, 1e-3, 0.3, 0.5, 0.9, 1 - 1e-7);
        pairwise[i * k + j] = r;
        pairwise[j * k + i] = 1 - r;
      }
    }
    std::vector<double> coupled(k);
    couple_pairwise(pairwise, coupled);
    double sum = 0;
    for (const double p : coupled) {
      RC_ASSERT(p >= 0);
      sum += p;
    }
    RC_ASSERT(std::abs(sum - 1) < 1e-9);
  }));
}

}  // namespace
}  // namespace thimble::classical
