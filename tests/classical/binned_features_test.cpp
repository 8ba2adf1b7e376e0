#include "classical/binned_features.hpp"

#include <cmath>
#include <limits>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "random_samples.hpp"
#include "temporary_folder.hpp"

namespace thimble::classical {
namespace {

BinnedFeatures bin_one(const std::vector<float>& values) {
  linalg::Matrix matrix(values.size(), 1);
  std::ranges::copy(values, matrix.data());
  return BinnedFeatures(Features(std::move(matrix)));
}

TEST(BinnedFeatures, TakesBytesAsTheyAre) {
  Random random(3);
  const std::size_t n = 150;
  const std::size_t d = 70;
  std::vector<std::uint8_t> bytes(n * d);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.bits());
  const BinnedFeatures binned(Features(bytes, d, 0.5f));
  EXPECT_TRUE(binned.is_bytes());
  EXPECT_EQ(binned.rows(), bytes.data());
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < d; ++j) ASSERT_EQ(binned.columns()[j * n + i], bytes[i * d + j]);
  }
  EXPECT_EQ(binned.threshold(0, 3, 4), 3);
  EXPECT_EQ(binned.threshold(0, 3, 6), 4);
}

RC_GTEST_PROP(BinnedFeatures, KeepsUpTo256ValuesApart, ()) {
  const auto distinct = *rc::gen::inRange(1, 257);
  std::vector<float> values;
  for (int v = 0; v < distinct; ++v) values.push_back(static_cast<float>(v * v) - 500.5f);
  for (int i = 0; i < 100; ++i) values.push_back(values[*rc::gen::inRange(0, distinct)]);
  const BinnedFeatures binned = bin_one(values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int bin = binned.columns()[i];
    RC_ASSERT(binned.rows()[i] == bin);
    RC_ASSERT(binned.lowest(0, bin) == values[i]);
    RC_ASSERT(binned.highest(0, bin) == values[i]);
  }
  RC_ASSERT(std::set(binned.columns(), binned.columns() + values.size()).size() ==
            static_cast<std::size_t>(distinct));
}

TEST(BinnedFeatures, SharesManyValuesOutEvenly) {
  Random random(4);
  std::vector<float> values(20000);
  for (float& value : values) value = static_cast<float>(random.normal());
  const BinnedFeatures binned = bin_one(values);
  std::vector<int> counts(256);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int bin = binned.columns()[i];
    ++counts[bin];
    ASSERT_LE(binned.lowest(0, bin), values[i]);
    ASSERT_GE(binned.highest(0, bin), values[i]);
  }
  for (int bin = 0; bin < 256; ++bin) {
    EXPECT_NEAR(counts[bin], 20000 / 256, 2);
    if (bin == 255) break;
    const float threshold = binned.threshold(0, bin, bin + 1);
    EXPECT_LE(binned.highest(0, bin), threshold);
    EXPECT_LT(threshold, binned.lowest(0, bin + 1));
  }
}

TEST(BinnedFeatures, LeavesTheOthersTheirBinsBesideAFrequentValue) {
  std::vector<float> values(10000, 0.0f);
  for (int i = 0; i < 1000; ++i) values.push_back(1.0f + static_cast<float>(i));
  for (int i = 0; i < 1000; ++i) values.push_back(-1.0f - static_cast<float>(i));
  const BinnedFeatures binned = bin_one(values);
  EXPECT_EQ(std::set(binned.columns(), binned.columns() + values.size()).size(), 256u);
  EXPECT_EQ(binned.lowest(0, binned.columns()[0]), 0);
  EXPECT_EQ(binned.highest(0, binned.columns()[0]), 0);
}

TEST(BinnedFeatures, SeparatesNeighbouringFloats) {
  const float low = 1;
  const float high = std::nextafter(low, 2.0f);
  const float threshold = bin_one({low, high}).threshold(0, 0, 1);
  EXPECT_LE(low, threshold);
  EXPECT_LT(threshold, high);
}

TEST(BinnedFeatures, TakesBothZerosForOne) {
  const BinnedFeatures binned = bin_one({-0.0f, 0.0f, 1.0f});
  EXPECT_EQ(binned.columns()[0], binned.columns()[1]);
}

TEST(BinnedFeatures, RefusesWhatIsNoNumber) {
  EXPECT_EQ(message_of<DataError>([] {
              bin_one({1, std::nanf("")});
            }),
            "sample 2, feature 1: nan is not a finite number");
  EXPECT_THROW(bin_one({std::numeric_limits<float>::infinity()}), DataError);
}

}  // namespace
}  // namespace thimble::classical
