#include "classical/svm_pair.hpp"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "classical/svm_samples.hpp"

namespace thimble::classical {
namespace {

constexpr std::size_t kFirst = 260;
constexpr std::size_t kSize = 430;

/// Two classes of unequal size and the stores of their kernel rows.
class SvmPair : public testing::Test {
 protected:
  static std::vector<std::size_t> range(std::size_t begin, std::size_t end) {
    std::vector<std::size_t> indices(end - begin);
    std::iota(indices.begin(), indices.end(), begin);
    return indices;
  }

  // One cloud of samples, of which the first are called the first class.
  SvmSamples data_{kSize, 8, 1, 3};
  std::vector<std::vector<std::size_t>> members_ = {range(0, kFirst), range(kFirst, kSize)};
  Kernel kernel_{KernelKind::rbf, scale_gamma(data_.features), 0, 0};
  KernelBlocks blocks_{data_.features, members_, kernel_};
  KernelMemory memory_{100'000'000};
  KernelRowStore own_first_{blocks_, 0, data_.features, members_[0], memory_};
  KernelRowStore cross_first_{blocks_, 1, data_.features, members_[0], memory_};
  KernelRowStore cross_second_{blocks_, 0, data_.features, members_[1], memory_};
  KernelRowStore own_second_{blocks_, 1, data_.features, members_[1], memory_};
  PairRows rows_{own_first_, cross_first_, cross_second_, own_second_, kFirst, kSize - kFirst};

  PairOptions options() const {
    PairOptions options;
    options.C_first = 3;
    options.C_second = 5;
    options.tol = 1e-5;
    options.max_iterations = 10'000'000;
    return options;
  }

  double kernel(std::size_t s, std::size_t t) const {
    double sum = 0;
    for (std::size_t j = 0; j < 8; ++j) {
      const double gap = static_cast<double>(data_.bytes[s * 8 + j]) - data_.bytes[t * 8 + j];
      sum += gap * gap;
    }
    return std::exp(-kernel_.gamma * sum);
  }

  double decision(const PairSolution& solution, std::size_t t) const {
    double sum = -solution.rho;
    for (std::size_t s = 0; s < kSize; ++s) {
      if (solution.beta[s] != 0) sum += solution.beta[s] * kernel(s, t);
    }
    return sum;
  }
};

TEST_F(SvmPair, MeetsTheOptimalityConditions) {
  const PairSolution solution = solve_pair(rows_, options());
  EXPECT_TRUE(solution.converged);
  EXPECT_NEAR(std::accumulate(solution.beta.begin(), solution.beta.end(), 0.0), 0, 1e-9);
  double objective = 0;
  for (std::size_t t = 0; t < kSize; ++t) {
    const double label = t < kFirst ? 1 : -1;
    const double C = t < kFirst ? 3 : 5;
    const double alpha = label * solution.beta[t];
    const double margin = label * decision(solution, t);
    EXPECT_NEAR(solution.decision_values[t], label * margin, 1e-4);
    if (alpha == 0) {
      EXPECT_GT(margin, 1 - 1e-4);
    } else if (alpha == C) {
      EXPECT_LT(margin, 1 + 1e-4);
    } else {
      EXPECT_GT(alpha, 0);
      EXPECT_LT(alpha, C);
      EXPECT_NEAR(margin, 1, 1e-4);
    }
    objective += 0.5 * solution.beta[t] * (decision(solution, t) + solution.rho) - alpha;
  }
  EXPECT_NEAR(solution.objective / objective, 1, 1e-6);
}

// Fewer than there are support vectors, so that members must make way for others.
TEST_F(SvmPair, NeedsNoLargeWorkingSet) {
  const PairSolution whole = solve_pair(rows_, options());
  for (const std::size_t limit : {40u, 130u, 300u}) {
    PairOptions small = options();
    small.largest_working_set = limit;
    const PairSolution parts = solve_pair(rows_, small);
    EXPECT_TRUE(parts.converged);
    EXPECT_NEAR(parts.objective / whole.objective, 1, 1e-7) << limit;
    EXPECT_NEAR(parts.rho, whole.rho, 1e-4) << limit;
  }
}

TEST_F(SvmPair, LeavesOutWhatIsHeldOut) {
  std::vector<char> held_out(kSize);
  for (std::size_t t = 0; t < kSize; t += 3) held_out[t] = 1;
  const PairSolution solution = solve_pair(rows_, options(), held_out);
  EXPECT_TRUE(solution.converged);
  for (std::size_t t = 0; t < kSize; ++t) {
    EXPECT_TRUE(solution.beta[t] == 0 || !held_out[t]);
    EXPECT_NEAR(solution.decision_values[t], decision(solution, t), 1e-4);
  }
  EXPECT_LT(std::abs(solution.objective), std::abs(solve_pair(rows_, options()).objective));
}

TEST_F(SvmPair, ReportsAsItGoes) {
  PairOptions options = this->options();
  std::vector<double> violations;
  options.report = [&](std::uint64_t, double violation) { violations.push_back(violation); };
  (void)solve_pair(rows_, options);
  ASSERT_GE(violations.size(), 2u);
  EXPECT_EQ(violations.front(), 2);
  EXPECT_LT(violations.back(), options.tol);
}

}  // namespace
}  // namespace thimble::classical
