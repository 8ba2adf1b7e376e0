// Cases for the tests of every registered kind of layer: its examples, on their own and together
// with what may be fused with them. A new kind is tested by being registered.

#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "nn/layers/registry.hpp"
#include "nn/threads.hpp"
#include "nn/training_network.hpp"

namespace thimble::nn {

using Lines = std::vector<std::string>;

inline constexpr int kBatch = 5;

/// A kind's example with other layers around it.
struct Case {
  Shape input;
  Lines lines;

  Graph graph() const { return Graph::parse(input, lines); }
  std::string text() const { return fmt::format("{}", fmt::join(lines, " | ")); }
  /// True if training computes something else than prediction.
  bool has_dropout() const {
    const Graph all = graph();
    return std::ranges::any_of(all.layers(),
                               [](const auto& l) { return l->traits().only_in_training; });
  }
  bool parses() const {
    try {
      (void)graph();
      return true;
    } catch (const UsageError&) {
      return false;
    }
  }
};

/// What stands behind an example: a row for each way in which something is fused, or may be.
inline const Lines kLayersBehind[] = {
    {},
    {"relu"},
    {"relu", "max_pool 2"},
    {"relu", "global_max_pool"},
    {"batch_norm", "relu"},
    {"max_pool 2", "batch_norm", "relu", "max_pool 2"},
    {"batch_norm", "add start", "relu"},
    {"dropout 0.4", "gelu"},
    {"flatten", "dense 6"},
    {"mark here", "gelu", "add here"},
};

/// Examples of a kind with layers behind them, and before them: a convolution, whose output is in
/// another layout than the input.
inline std::vector<Case> cases_of(const LayerKind& kind) {
  std::vector<Case> cases;
  for (const LayerExample& example : kind.examples) {
    for (const Lines& behind : kLayersBehind) {
      for (const bool has_conv_before : {false, true}) {
        Case c{example.input, {}};
        if (has_conv_before) c.lines = {fmt::format("conv {} 1", example.input.channels)};
        c.lines.push_back("mark start");
        c.lines.insert(c.lines.end(), example.lines.begin(), example.lines.end());
        c.lines.insert(c.lines.end(), behind.begin(), behind.end());
        if (c.parses()) cases.push_back(std::move(c));
      }
    }
  }
  return cases;
}

inline InputScaling scaling_of(const Graph& graph) {
  const auto channels = static_cast<std::size_t>(graph.input().channels);
  InputScaling scaling{std::vector<float>(channels, 1 / 64.0f), std::vector<float>(channels, -2)};
  for (std::size_t c = 0; c < channels; ++c) scaling.shift[c] += 0.1f * static_cast<float>(c);
  return scaling;
}

/// Parameters that are all different, so that none can be mistaken for another.
inline ParameterValues parameters_of(const Graph& graph) {
  ParameterValues values = initial_parameters(graph, 3);
  Random random(4);
  const auto declared = graph.parameters();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (declared[i].role == ParameterRole::weight) continue;
    for (float& v : values[i].values) v += static_cast<float>(random.uniform(-0.3, 0.3));
  }
  return values;
}

inline TrainingNetwork training_network(const Graph& graph, Precision precision,
                                        bool input_gradient, int batch = kBatch) {
  TrainingNetwork network(
      graph, scaling_of(graph),
      {.batch_size = batch, .precision = precision, .seed = 1, .input_gradient = input_gradient});
  network.set_parameters(parameters_of(graph));
  return network;
}

inline bool has_bf16() {
  try {
    return resolve(Precision::bf16) == Precision::bf16;
  } catch (const UsageError&) {
    return false;
  }
}

/// Tests of one kind, by its word.
class LayerTest : public testing::TestWithParam<std::string> {
 protected:
  const LayerKind& kind() const { return *find_layer_kind(GetParam()); }

  /// These networks are too small to be shared by threads.
  template <class Body>
  void for_every_case(const Body& body, int threads = 1) const {
    const WithThreads some(threads);
    for (const Case& c : cases_of(kind())) {
      SCOPED_TRACE(c.text());
      body(c, c.graph());
    }
  }
};

inline std::vector<std::string> words() {
  std::vector<std::string> all;
  for (const LayerKind& kind : layer_kinds()) all.emplace_back(kind.word);
  return all;
}

}  // namespace thimble::nn
