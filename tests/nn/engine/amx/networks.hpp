// Whole networks for the tests of AMX, and numbers to run them with.

#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "nn/graph.hpp"
#include "nn/network.hpp"

namespace thimble::nn::amx {

struct NamedNetwork {
  std::string name;
  Shape input;
  std::vector<std::string> lines;

  Graph graph() const { return Graph::parse(input, lines, 10); }
};

/// For GoogleTest's messages.
inline void PrintTo(const NamedNetwork& network, std::ostream* out) { *out << network.name; }

inline std::string network_name(const testing::TestParamInfo<NamedNetwork>& info) {
  return info.param.name;
}

inline InputScaling unit_scaling(const Graph& graph) {
  const auto channels = static_cast<std::size_t>(graph.input().channels);
  return {std::vector<float>(channels, 1 / 64.0f), std::vector<float>(channels, -2.0f)};
}

/// Parameters none of which is 0 or 1, as they are in a network that was trained.
inline ParameterValues lively_parameters(const Graph& graph, std::uint64_t seed) {
  ParameterValues values = initial_parameters(graph, seed);
  const auto declared = graph.parameters();
  Random random(seed + 1);
  for (std::size_t i = 0; i < declared.size(); ++i) {
    if (declared[i].role == ParameterRole::weight) continue;
    const bool positive = declared[i].role == ParameterRole::scale ||
                          declared[i].role == ParameterRole::running_variance;
    for (float& v : values[i].values) {
      v = static_cast<float>(positive ? random.uniform(0.5, 1.5) : random.uniform(-0.5, 0.5));
    }
  }
  return values;
}

inline std::vector<float> normal_numbers(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> numbers(n);
  for (float& v : numbers) v = static_cast<float>(random.normal());
  return numbers;
}

}  // namespace thimble::nn::amx
