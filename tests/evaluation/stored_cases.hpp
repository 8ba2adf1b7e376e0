// The cases of tests/data_files/evaluation_reference.json and what scikit-learn says of them.

#pragma once

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "models/classifier.hpp"

namespace thimble::testing {

inline Probabilities probabilities_of(const std::vector<std::vector<float>>& rows) {
  Probabilities probabilities(rows.size(), rows.empty() ? 0 : rows.front().size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::copy(rows[i].begin(), rows[i].end(), probabilities[i].begin());
  }
  return probabilities;
}

struct StoredCase {
  std::string name;
  Probabilities probabilities;
  std::vector<std::int32_t> labels;
  nlohmann::json expected;
};

inline void PrintTo(const StoredCase& stored, std::ostream* out) { *out << stored.name; }

inline std::vector<StoredCase> stored_cases() {
  std::ifstream file(THIMBLE_TEST_DATA "/evaluation_reference.json");
  nlohmann::json reference = nlohmann::json::parse(file);
  std::vector<StoredCase> cases;
  for (nlohmann::json& one : reference.at("cases")) {
    cases.push_back(
        {one.at("name"),
         probabilities_of(one.at("probabilities").get<std::vector<std::vector<float>>>()),
         one.at("labels").get<std::vector<std::int32_t>>(), std::move(one)});
  }
  return cases;
}

}  // namespace thimble::testing
