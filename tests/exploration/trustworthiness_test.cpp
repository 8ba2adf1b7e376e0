#include "exploration/trustworthiness.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "exploration/map_reference.hpp"

namespace thimble {
namespace {

TEST(Trustworthiness, IsThatOfScikitLearn) {
  const testing::MapReference reference;
  for (const auto& expected : reference.json.at("trustworthiness")) {
    EXPECT_NEAR(trustworthiness(reference.samples(), reference.map(), expected.at("k")),
                expected.at("value").get<double>(), 1e-12);
  }
}

TEST(Trustworthiness, IsOneForTheSamplesThemselves) {
  constexpr std::size_t kPoints = 9;
  linalg::Matrix values(kPoints, 2);
  MapPoints map;
  for (std::size_t i = 0; i < kPoints; ++i) {
    const auto x = static_cast<float>(i * i);
    values[i][0] = x;
    map.x.push_back(x);
    map.y.push_back(0);
  }
  const classical::Features samples(std::move(values));
  EXPECT_EQ(trustworthiness(samples, map, 4), 1);
  EXPECT_THROW(trustworthiness(samples, map, 0), UsageError);
  EXPECT_THROW(trustworthiness(samples, map, 5), UsageError);
  map.x.pop_back();
  EXPECT_THROW(trustworthiness(samples, map, 2), ShapeError);
}

}  // namespace
}  // namespace thimble
