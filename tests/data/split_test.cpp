#include "data/split.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"
#include "data/random_dataset.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using ::testing::HasSubstr;

std::vector<std::size_t> counts(const std::vector<std::int32_t>& labels, std::size_t classes,
                                const std::vector<std::size_t>& chosen) {
  std::vector<std::size_t> count(classes);
  for (const std::size_t i : chosen) ++count[static_cast<std::size_t>(labels[i])];
  return count;
}

std::vector<std::size_t> all_of(const std::vector<std::int32_t>& labels) {
  std::vector<std::size_t> all(labels.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

TEST(Split, EverySampleIsInExactlyOnePartAndEveryClassKeepsItsShare) {
  EXPECT_TRUE(rc::check([] {
    const auto classes = *rc::gen::inRange<std::size_t>(1, 6);
    const auto labels = *rc::gen::container<std::vector<std::int32_t>>(
        rc::gen::inRange<std::int32_t>(0, static_cast<std::int32_t>(classes)));
    const std::vector<std::size_t> total = counts(labels, classes, all_of(labels));
    std::size_t most = 0;
    for (const std::size_t n : total) most += n > 0 ? n - 1 : 0;
    RC_PRE(!labels.empty());
    const auto count = *rc::gen::inRange<std::size_t>(0, most + 1);
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();

    const SplitIndices split = stratified_split(labels, classes, count, seed);
    RC_ASSERT(split.validation.size() == count);
    RC_ASSERT(std::ranges::is_sorted(split.train));
    RC_ASSERT(std::ranges::is_sorted(split.validation));
    std::vector<std::size_t> together = split.train;
    together.insert(together.end(), split.validation.begin(), split.validation.end());
    std::ranges::sort(together);
    RC_ASSERT(together == all_of(labels));

    const std::vector<std::size_t> kept = counts(labels, classes, split.train);
    const std::vector<std::size_t> taken = counts(labels, classes, split.validation);
    bool some_class_spares_all = false;
    for (std::size_t k = 0; k < classes; ++k) {
      if (total[k] > 0) RC_ASSERT(kept[k] > 0u);
      some_class_spares_all |= total[k] > 0 && kept[k] == 1;
    }
    if (some_class_spares_all) return;  // others had to give more than their share
    for (std::size_t k = 0; k < classes; ++k) {
      const double share = static_cast<double>(total[k]) * static_cast<double>(count) /
                           static_cast<double>(labels.size());
      RC_ASSERT(std::abs(static_cast<double>(taken[k]) - share) < 1.0);
    }
  }));
}

TEST(Split, IsTheSameForTheSameSeedOnly) {
  const Dataset dataset = random_dataset({1, 1, 1}, 500, {"a", "b", "c"});
  const auto split = [&](std::uint64_t seed) {
    return stratified_split(dataset.labels, 3, 50, seed).validation;
  };
  EXPECT_EQ(split(1), split(1));
  EXPECT_NE(split(1), split(2));
}

TEST(Split, ChoosesAmongAllSamplesOfAClass) {
  const std::vector<std::int32_t> labels(10, 0);
  std::vector<int> chosen(10);
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    for (const std::size_t i : stratified_split(labels, 1, 3, seed).validation) ++chosen[i];
  }
  // 300 expected, standard deviation 14.5.
  for (const int count : chosen) EXPECT_NEAR(count, 300, 73);
}

TEST(Split, AClassOfOneSampleStaysInTraining) {
  const std::vector<std::int32_t> labels{0, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  const SplitIndices split = stratified_split(labels, 2, 5, 1);
  EXPECT_EQ(split.train.front(), 0u);
  EXPECT_EQ(split.validation.size(), 5u);
}

TEST(Split, SplitsADatasetByShare) {
  const Dataset dataset = random_dataset({2, 2, 1}, 100, {"a", "b"});
  const TrainValidation parts = split_validation_fraction(dataset, 0.1, 7);
  EXPECT_EQ(parts.validation.size(), 10u);
  EXPECT_EQ(parts.train.size(), 90u);
  EXPECT_EQ(parts.train.provenance.split, "train");
  EXPECT_EQ(parts.validation.provenance.split, "validation");
  EXPECT_EQ(parts.validation.provenance.fingerprint, fingerprint(parts.validation));
  EXPECT_EQ(split_validation_fraction(dataset, 0, 7).validation.size(), 0u);
  EXPECT_EQ(split_validation_fraction(dataset, 0.999, 7).train.size(), 2u);
}

TEST(Split, RefusesWhatLeavesNothingToTrainOn) {
  const Dataset dataset = random_dataset({2, 2, 1}, 100, {"a", "b"});
  EXPECT_THAT(message_of<UsageError>([&] { split_validation(dataset, 99, 1); }),
              HasSubstr("99 samples asked for, but of 100 no more than 98 can be spared"));
  for (const double fraction : {-0.1, 1.0, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(split_validation_fraction(dataset, fraction, 1), UsageError);
  }
}

}  // namespace
}  // namespace thimble
