// What scikit-learn's cheap classifiers learn from drawn samples
// (tests/reference/make_baselines_reference.py).

#pragma once

#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "classical/features.hpp"

namespace thimble::classical {

struct BaselinesReference {
  nlohmann::json json =
      nlohmann::json::parse(std::ifstream(THIMBLE_TEST_DATA "/baselines_reference.json"));
  std::size_t dims = json.at("dims");
  std::size_t classes = json.at("classes");
  std::vector<std::uint8_t> values = json.at("values");
  std::vector<std::int32_t> labels = json.at("labels");
  std::vector<std::uint8_t> queries = json.at("queries");
  Features features{values, dims, 1};
  Features query_features{queries, dims, 1};
  Samples samples{features, labels, classes};
};

template <class T>
void expect_near(const std::vector<T>& values, const std::vector<double>& expected,
                 double tolerance, const std::string& what) {
  ASSERT_EQ(values.size(), expected.size()) << what;
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_NEAR(values[i], expected[i], tolerance * (1 + std::abs(expected[i])))
        << what << ", number " << i;
  }
}

}  // namespace thimble::classical
