#include "classical/kernel_rows.hpp"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "classical/svm_samples.hpp"

namespace thimble::classical {
namespace {

std::vector<std::size_t> every(std::size_t n, std::size_t step) {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < n; i += step) indices.push_back(i);
  return indices;
}

double rbf(const Features& features, std::size_t i, std::size_t j, double gamma) {
  std::vector<float> x(features.dims()), y(features.dims());
  features.copy(i, i + 1, x.data());
  features.copy(j, j + 1, y.data());
  double sum = 0;
  for (std::size_t k = 0; k < x.size(); ++k) sum += (x[k] - y[k]) * (x[k] - y[k]);
  return std::exp(-gamma * sum);
}

class KernelRows : public testing::TestWithParam<bool> {
 protected:
  static constexpr std::size_t kSize = 2500;
  static constexpr double kGamma = 3e-5;

  KernelRows() : bytes_(kSize, 21, 2, 5), floats_(bytes_.floats()) {}

  const Features& features() const { return GetParam() ? bytes_.features : floats_; }
  KernelBlocks blocks() const {
    return KernelBlocks(features(), members_, Kernel{KernelKind::rbf, kGamma, 0, 0});
  }

  SvmSamples bytes_;
  Features floats_;
  // Longer than one piece of work, and not a whole number of panels.
  std::vector<std::vector<std::size_t>> members_ = {every(kSize, 1), every(kSize, 3)};
};

INSTANTIATE_TEST_SUITE_P(Features, KernelRows, testing::Values(true, false),
                         [](const auto& test) { return test.param ? "bytes" : "floats"; });

TEST_P(KernelRows, AreKernelValues) {
  const KernelBlocks blocks = this->blocks();
  KernelMemory memory(1'000'000'000);
  const std::vector<std::size_t> sources = every(kSize, 17);
  KernelRowStore store(blocks, 1, features(), sources, memory);
  const std::vector<std::size_t> wanted = every(sources.size(), 1);
  const std::vector<KernelRow> rows = store.rows(wanted);
  for (const std::size_t i : wanted) {
    for (std::size_t j = 0; j < members_[1].size(); j += 13) {
      ASSERT_NEAR(rows[i][static_cast<std::ptrdiff_t>(j)],
                  rbf(features(), sources[i], members_[1][j], kGamma), 1e-6);
    }
  }
}

TEST_P(KernelRows, DoNotDependOnTheirCompany) {
  const KernelBlocks blocks = this->blocks();
  const std::vector<std::size_t> sources = every(kSize, 5);
  KernelMemory memory(1'000'000'000);
  KernelRowStore together(blocks, 0, features(), sources, memory);
  KernelRowStore alone(blocks, 0, features(), sources, memory);
  const std::vector<KernelRow> rows = together.rows(every(sources.size(), 1));
  for (const std::size_t i : every(sources.size(), 61)) {
    const KernelRow row = alone.rows(std::vector{i})[0];
    ASSERT_TRUE(std::equal(row.get(), row.get() + kSize, rows[i].get())) << i;
  }
}

TEST_P(KernelRows, AreKeptWhileThereIsRoom) {
  const KernelBlocks blocks = this->blocks();
  const std::vector<std::size_t> sources = every(kSize, 5);
  KernelMemory memory(10 * kSize * sizeof(float));
  KernelRowStore store(blocks, 0, features(), sources, memory);
  const std::vector<std::size_t> few = {3, 1, 4};
  const KernelRow first = store.rows(few)[0];
  EXPECT_EQ(store.rows(few)[0], first);
  EXPECT_EQ(memory.values_computed(), 3 * kSize);
  (void)store.rows(every(sources.size(), 1));
  EXPECT_LE(memory.peak_bytes(), memory.limit_bytes());
  // The row that somebody holds stayed.
  EXPECT_EQ(store.rows(few)[0], first);
}

TEST_P(KernelRows, MakeRoomInOtherStores) {
  const KernelBlocks blocks = this->blocks();
  const std::vector<std::size_t> sources = every(kSize, 5);
  KernelMemory memory(10 * kSize * sizeof(float));
  KernelRowStore old(blocks, 0, features(), sources, memory);
  (void)old.rows(every(10, 1));
  {
    KernelRowStore store(blocks, 0, features(), sources, memory);
    (void)store.rows(every(4, 1));
    const auto computed = memory.values_computed();
    (void)store.rows(every(4, 1));
    EXPECT_EQ(memory.values_computed(), computed);
  }
  EXPECT_EQ(memory.peak_bytes(), memory.limit_bytes());
  // What the closed store held is free again.
  (void)old.rows(every(10, 1));
  const auto computed = memory.values_computed();
  (void)old.rows(every(10, 1));
  EXPECT_EQ(memory.values_computed(), computed);
}

TEST_P(KernelRows, AreSafeToAskForFromManyThreads) {
  const KernelBlocks blocks = this->blocks();
  const std::vector<std::size_t> sources = every(kSize, 25);
  KernelMemory memory(30 * kSize * sizeof(float));
  KernelRowStore one(blocks, 0, features(), sources, memory);
  KernelRowStore two(blocks, 0, features(), sources, memory);
  const int before = thread_count();
  set_thread_count(5);
  parallel_tasks(40, [&](std::size_t task) {
    const std::vector<std::size_t> wanted = {task * 7 % 100, task * 31 % 100, task};
    (void)(task % 2 == 0 ? one : two).rows(wanted);
  });
  set_thread_count(before);
  EXPECT_LE(memory.peak_bytes(), memory.limit_bytes());
}

TEST(KernelBlocks, RefuseOtherFeatures) {
  const SvmSamples samples(10, 8, 2, 1);
  const SvmSamples wider(10, 9, 2, 1);
  const std::vector<std::vector<std::size_t>> members = {every(10, 1)};
  const KernelBlocks blocks(samples.features, members, Kernel{});
  EXPECT_THROW((void)blocks.queries(wider.features, members[0], Company::any), ShapeError);
  EXPECT_THROW((void)blocks.queries(samples.floats(), members[0], Company::any), ShapeError);
  EXPECT_THROW((void)blocks.queries(Features(samples.bytes, 8, 2), members[0], Company::any),
               ShapeError);
}

TEST(KernelBlocks, MultiplyBytesThatNeedMoreThan32Bits) {
  constexpr std::size_t kDims = 70000;
  std::vector<std::uint8_t> bytes(2 * kDims);
  std::fill_n(bytes.begin(), kDims, std::uint8_t{255});
  const Features features(bytes, kDims, 1);
  const std::vector<std::vector<std::size_t>> members = {{0, 1}};
  const KernelBlocks blocks(features, members, Kernel{KernelKind::rbf, 1e-10, 0, 0});
  std::vector<float> row(2);
  float* out = row.data();
  blocks.multiply(blocks.queries(features, std::vector<std::size_t>{0}, Company::any), 0, 1, 0, 0,
                  2, &out);
  EXPECT_NEAR(row[0], 1, 1e-5);
  EXPECT_NEAR(row[1], std::exp(-1e-10 * 70000 * 65025), 1e-5);
}

}  // namespace
}  // namespace thimble::classical
