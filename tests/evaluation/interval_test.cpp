#include "evaluation/interval.hpp"

#include <cmath>
#include <fstream>
#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace thimble {
namespace {

// By reference: loops over its members outlive the call.
const nlohmann::json& reference() {
  static const nlohmann::json json =
      nlohmann::json::parse(std::ifstream(THIMBLE_TEST_DATA "/evaluation_reference.json"));
  return json;
}

TEST(StudentT, AgreesWithSciPy) {
  for (const auto& row : reference().at("student_t_95")) {
    const double expected = row.at(1);
    EXPECT_NEAR(student_t_95(row.at(0)), expected, 1e-9 * expected) << row.at(0);
  }
}

TEST(StudentT, NeedsADegreeOfFreedom) { EXPECT_THROW(student_t_95(0), UsageError); }

TEST(Wilson, AgreesWithSciPy) {
  for (const auto& row : reference().at("wilson")) {
    const Interval interval = wilson_interval(row.at(0), row.at(1));
    EXPECT_NEAR(interval.low, row.at(2).get<double>(), 1e-14) << row;
    EXPECT_NEAR(interval.high, row.at(3).get<double>(), 1e-14) << row;
  }
}

TEST(Wilson, SaysNothingWithoutSamples) { EXPECT_EQ(wilson_interval(0, 0), (Interval{0, 1})); }

RC_GTEST_PROP(Wilson, ContainsTheShareAndStaysInRange, ()) {
  const auto n = *rc::gen::inRange<std::uint64_t>(1, 100000);
  const auto successes = *rc::gen::inRange<std::uint64_t>(0, n + 1);
  const Interval interval = wilson_interval(successes, n);
  const double share = static_cast<double>(successes) / static_cast<double>(n);
  RC_ASSERT(interval.low >= 0);
  RC_ASSERT(interval.low <= share);
  RC_ASSERT(share <= interval.high);
  RC_ASSERT(interval.high <= 1);
}

TEST(MeanInterval, AgreesWithSciPy) {
  for (const auto& expected : reference().at("means")) {
    const auto values = expected.at("values").get<std::vector<double>>();
    const MeanInterval result = mean_interval(values);
    EXPECT_EQ(result.n, values.size());
    EXPECT_NEAR(result.mean, expected.at("mean").get<double>(), 1e-14);
    EXPECT_NEAR(result.standard_deviation, expected.at("standard_deviation").get<double>(), 1e-14);
    EXPECT_NEAR(result.interval.low, expected.at("interval").at(0).get<double>(), 1e-12);
    EXPECT_NEAR(result.interval.high, expected.at("interval").at(1).get<double>(), 1e-12);
  }
}

TEST(MeanInterval, OneValueSaysNothingAboutTheSpread) {
  const MeanInterval result = mean_interval(std::vector{0.94});
  EXPECT_EQ(result.mean, 0.94);
  EXPECT_EQ(result.interval.low, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(result.interval.high, std::numeric_limits<double>::infinity());
}

TEST(MeanInterval, NoValuesAreAnError) { EXPECT_THROW(mean_interval({}), UsageError); }

}  // namespace
}  // namespace thimble
