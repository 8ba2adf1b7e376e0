#include "classical/split_search.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "classical/feature_draw.hpp"
#include "classical/histogram_scan.hpp"
#include "classical/random_split_search.hpp"

namespace thimble::classical {
namespace {

std::vector<std::int64_t> any_weights(std::size_t classes) {
  auto weights = *rc::gen::container<std::vector<std::int64_t>>(
      classes, rc::gen::inRange<std::int64_t>(0, 40));
  weights[0] += 1;
  return weights;
}

double impurity(const std::vector<std::int64_t>& weights, Criterion criterion) {
  const auto total = static_cast<double>(std::accumulate(weights.begin(), weights.end(), 0l));
  double sum = 0;
  for (const std::int64_t weight : weights) {
    const double p = static_cast<double>(weight) / total;
    if (p > 0) sum += criterion == Criterion::gini ? p * (1 - p) : -p * std::log2(p);
  }
  return total * sum;
}

RC_GTEST_PROP(SplitScore, OrdersSplitsByTheImpurityTheyLeave, ()) {
  const auto classes = *rc::gen::inRange<std::size_t>(2, 8);
  const auto criterion = *rc::gen::element(Criterion::gini, Criterion::entropy);
  const EntropyTable table(1000);
  const EntropyTable* entropy = criterion == Criterion::entropy ? &table : nullptr;
  // Two ways to split the same node.
  const auto left = any_weights(classes);
  const auto right = any_weights(classes);
  auto other_left = left;
  auto other_right = right;
  const auto moved = *rc::gen::inRange<std::size_t>(0, classes);
  std::swap(other_left[moved], other_right[moved]);
  RC_PRE(std::accumulate(other_left.begin(), other_left.end(), 0l) > 0);
  RC_PRE(std::accumulate(other_right.begin(), other_right.end(), 0l) > 0);

  const double after = impurity(left, criterion) + impurity(right, criterion);
  const double other_after = impurity(other_left, criterion) + impurity(other_right, criterion);
  const SplitScore score = split_score(left, right, entropy);
  const SplitScore other = split_score(other_left, other_right, entropy);
  if (after < other_after - 1e-9) RC_ASSERT(compare(score, other) > 0);
  if (after > other_after + 1e-9) RC_ASSERT(compare(score, other) < 0);
  RC_ASSERT(compare(score, split_score(right, left, entropy)) == 0);

  auto node = left;
  for (std::size_t c = 0; c < classes; ++c) node[c] += right[c];
  const auto weight = std::accumulate(node.begin(), node.end(), 0l);
  RC_ASSERT(std::abs(weighted_impurity(node, weight, entropy) - impurity(node, criterion)) < 1e-9);
  const double left_over = (entropy == nullptr ? static_cast<double>(weight) : 0.0) - score.value;
  RC_ASSERT(std::abs(left_over - after) < 1e-9);
}

TEST(SplitScore, TellsFractionsApartThatDoublesCannot) {
  // a / b and (a + 1) / (b + 1) differ by less than a double's precision.
  const Int128 a = Int128{1} << 70;
  const std::int64_t b = (std::int64_t{1} << 45) + 1;
  const auto lower = SplitScore::fraction(a, b);
  const auto higher = SplitScore::fraction(a + 1, b);
  EXPECT_EQ(lower.value, higher.value);
  EXPECT_LT(compare(lower, higher), 0);
  EXPECT_EQ(compare(SplitScore::fraction(2, 6), SplitScore::fraction(1, 3)), 0);
}

template <int kStride>
void check_scan() {
  const auto bins = *rc::gen::unique<std::vector<std::uint8_t>>(rc::gen::arbitrary<std::uint8_t>());
  std::vector<std::uint8_t> occupied = bins;
  std::ranges::sort(occupied);
  std::vector<std::int16_t> histogram(256 * kStride);
  std::vector<std::int64_t> totals(kStride);
  for (const std::uint8_t bin : occupied) {
    for (std::size_t c = 0; c < kStride; ++c) {
      const auto count = *rc::gen::inRange<std::int16_t>(0, 32767 / 256 / kStride + 1);
      histogram[bin * kStride + c] = count;
      totals[c] += count;
    }
  }
  std::vector<std::int64_t> left(kStride);
  std::vector<std::int32_t> expected;
  for (const std::uint8_t bin : occupied) {
    std::int64_t sums[3] = {};
    for (std::size_t c = 0; c < kStride; ++c) {
      left[c] += histogram[bin * kStride + c];
      sums[0] += left[c] * left[c];
      sums[1] += left[c] * totals[c];
      sums[2] += left[c];
    }
    for (const std::int64_t sum : sums) expected.push_back(static_cast<std::int32_t>(sum));
    expected.push_back(0);
  }
  const std::vector<std::int16_t> narrow(totals.begin(), totals.end());
  std::vector<std::int32_t> found(4 * occupied.size());
  scan_gini<kStride>(histogram.data(), occupied.data(), occupied.size(), narrow.data(),
                     found.data());
  RC_ASSERT(found == expected);
  RC_ASSERT(std::ranges::count(histogram, 0) == 256 * kStride);
}

RC_GTEST_PROP(HistogramScan, SumsAsWrittenDown, ()) {
  check_scan<4>();
  check_scan<8>();
  check_scan<16>();
}

TEST(HistogramScan, HoldsTheLargestSums) {
  std::vector<std::int16_t> histogram(256 * 4);
  histogram[7 * 4 + 2] = 32767;
  const std::int16_t totals[4] = {0, 0, 32767, 0};
  const std::uint8_t bin = 7;
  std::int32_t sums[4];
  scan_gini<4>(histogram.data(), &bin, 1, totals, sums);
  EXPECT_EQ(sums[0], 32767 * 32767);
  EXPECT_EQ(sums[1], 32767 * 32767);
  EXPECT_EQ(sums[2], 32767);
}

RC_GTEST_PROP(HistogramScan, TakesMarksInOrder, ()) {
  const auto marked =
      *rc::gen::unique<std::vector<std::uint8_t>>(rc::gen::arbitrary<std::uint8_t>());
  std::vector<std::uint8_t> marks(256);
  for (const std::uint8_t bin : marked) marks[bin] = 255;
  std::vector<std::uint8_t> expected = marked;
  std::ranges::sort(expected);
  std::uint8_t positions[256];
  const std::size_t count = take_marks<256>(marks.data(), positions);
  RC_ASSERT(std::vector<std::uint8_t>(positions, positions + count) == expected);
  RC_ASSERT(std::ranges::count(marks, 0) == 256);
}

TEST(RandomBin, IsUniformBetweenLeastAndGreatest) {
  const std::vector<std::uint8_t> bytes{0, 255};
  const BinnedFeatures features(Features(bytes, 1, 1));
  std::vector<int> counts(256);
  for (int i = 0; i < 10000; ++i) ++counts[random_bin(features, 0, 10, 20, i / 10000.0)];
  for (int bin = 0; bin < 256; ++bin) EXPECT_EQ(counts[bin], bin >= 10 && bin < 20 ? 1000 : 0);
  EXPECT_EQ(random_bin(features, 0, 0, 255, std::nextafter(1.0, 0.0)), 254);
}

TEST(RandomBin, IsUniformInTheValuesOfFloats) {
  linalg::Matrix values(4, 1);
  values.values()[0] = -1;
  values.values()[1] = 0;
  values.values()[2] = 8;
  values.values()[3] = 9;
  const BinnedFeatures features{Features(std::move(values))};
  EXPECT_EQ(random_bin(features, 0, 0, 3, 0.0), 0);
  EXPECT_EQ(random_bin(features, 0, 0, 3, 0.11), 1);
  EXPECT_EQ(random_bin(features, 0, 0, 3, 0.89), 1);
  EXPECT_EQ(random_bin(features, 0, 0, 3, 0.91), 2);
  EXPECT_EQ(random_bin(features, 0, 0, 3, 0.9999), 2);
}

TEST(FeatureDraw, DrawsEachFeatureOnceAndTheSameForAKey) {
  FeatureDraw draw(50);
  std::vector<std::uint32_t> first;
  draw.restart(9);
  while (!draw.exhausted()) first.push_back(draw.next());
  EXPECT_EQ(std::set(first.begin(), first.end()).size(), 50u);
  draw.restart(10);
  for (int i = 0; i < 20; ++i) (void)draw.next();
  draw.restart(9);
  for (const std::uint32_t feature : first) EXPECT_EQ(draw.next(), feature);
}

TEST(FeatureDraw, DrawsAllAlike) {
  FeatureDraw draw(10);
  std::vector<int> counts(10);
  for (std::uint64_t key = 0; key < 20000; ++key) {
    draw.restart(key);
    for (int i = 0; i < 3; ++i) ++counts[draw.next()];
  }
  // 6000 expected, standard deviation 65.
  for (const int count : counts) EXPECT_NEAR(count, 6000, 400);
}

}  // namespace
}  // namespace thimble::classical
