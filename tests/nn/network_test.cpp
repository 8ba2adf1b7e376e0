#include <gtest/gtest.h>

#include <map>

#include <fmt/format.h>

#include "base/random.hpp"
#include "nn/inference_network.hpp"
#include "nn/training_network.hpp"
#include "reference.hpp"

namespace thimble::nn {
namespace {

/// A case of the PyTorch reference as one of our graphs.
class ReferenceGraph {
 public:
  explicit ReferenceGraph(const reference::Case& one) : graph_(parse(one)) {
    // A line a layer, beside those that mark and fetch values.
    std::size_t next = 1;
    for (const auto& layer : one.layers)
      names_[graph_.layers().at(next++)->name()] = layer.at("name");
  }

  const Graph& graph() const { return graph_; }

  /// The reference's name of one of our parameters: "conv1.weight" may be "conv.weight" there.
  std::string name(const std::string& ours) const {
    const auto dot = ours.find('.');
    return names_.at(ours.substr(0, dot)) + ours.substr(dot);
  }

 private:
  static Shape input_shape(const reference::Case& one) {
    const auto& s = one.at("input").shape;
    if (s.size() == 2) return {static_cast<int>(s[1]), 1, 1, true};
    return {static_cast<int>(s[1]), static_cast<int>(s[2]), static_cast<int>(s[3]), false};
  }

  static Graph parse(const reference::Case& one) {
    std::vector<std::string> lines{"mark input"};
    for (const auto& layer : one.layers) {
      lines.push_back("from " + layer.at("inputs").at(0).get<std::string>());
      lines.push_back(line(layer));
      lines.push_back("mark " + layer.at("name").get<std::string>());
    }
    return Graph::parse(input_shape(one), lines);
  }

  static std::string extent(const nlohmann::json& pair) {
    return fmt::format("{}x{}", pair.at(0).get<int>(), pair.at(1).get<int>());
  }

  static std::string line(const nlohmann::json& layer) {
    const std::string kind = layer.at("kind");
    const auto& o = layer.at("options");
    if (kind == "conv2d") {
      return fmt::format("conv {} {} stride={} pad={} groups={} bias={}",
                         o.at("out_channels").get<int>(), extent(o.at("kernel")),
                         extent(o.at("stride")), extent(o.at("padding")), o.at("groups").get<int>(),
                         o.at("bias").get<bool>());
    }
    if (kind == "dense") {
      return fmt::format("dense {} bias={}", o.at("out_features").get<int>(),
                         o.at("bias").get<bool>());
    }
    if (kind == "batch_norm") {
      return fmt::format("batch_norm epsilon={} momentum={}", o.at("epsilon").get<double>(),
                         o.at("momentum").get<double>());
    }
    if (kind == "max_pool" || kind == "avg_pool") {
      return fmt::format("{} {} stride={} pad={}", kind, extent(o.at("kernel")),
                         extent(o.at("stride")), extent(o.at("padding")));
    }
    if (kind == "add") return "add " + layer.at("inputs").at(1).get<std::string>();
    return kind;
  }

  Graph graph_;
  std::map<std::string, std::string> names_;
};

ParameterValues given_parameters(const reference::Case& one, const ReferenceGraph& reference) {
  ParameterValues values = initial_parameters(reference.graph(), 1);
  for (auto& array : values) array.values = one.values(reference.name(array.name));
  return values;
}

InputScaling unit_scaling(const Graph& graph) {
  const auto channels = static_cast<std::size_t>(graph.input().channels);
  return {std::vector<float>(channels, 1.0f), std::vector<float>(channels, 0.0f)};
}

std::vector<reference::Case> cases(bool training) {
  std::vector<reference::Case> chosen;
  for (const auto* file : {"nn_layers.json", "nn_networks.json"}) {
    for (auto& one : reference::load(file)) {
      if (one.training == training) chosen.push_back(std::move(one));
    }
  }
  return chosen;
}

std::string case_name(const testing::TestParamInfo<reference::Case>& info) {
  return info.param.name;
}

class TrainingReference : public testing::TestWithParam<reference::Case> {
 protected:
  void compare(Precision precision, double tolerance) {
    const reference::Case& one = GetParam();
    const ReferenceGraph reference(one);
    const int batch = static_cast<int>(one.at("input").shape[0]);
    TrainingNetwork network(
        reference.graph(), unit_scaling(reference.graph()),
        {.batch_size = batch, .precision = precision, .seed = 1, .input_gradient = true});
    network.set_parameters(given_parameters(one, reference));
    network.forward(one.values("input"));
    EXPECT_LT(reference::difference(network.output(), one.values("output")), tolerance);
    network.backward(one.values("output_gradient"));
    EXPECT_LT(reference::difference(network.input_gradient(), one.values("input_gradient")),
              tolerance);
    for (const auto& gradient : network.to_declared(network.gradients())) {
      const auto& expected = one.values(reference.name(gradient.name) + "_gradient");
      EXPECT_LT(reference::difference(gradient.values, expected), tolerance) << gradient.name;
    }
    for (const auto& value : network.parameters()) {
      const std::string after = reference.name(value.name) + "_after";
      if (!one.has(after)) continue;
      EXPECT_LT(reference::difference(value.values, one.values(after)), tolerance) << value.name;
    }
  }
};

TEST_P(TrainingReference, AgreesWithPyTorchInFp32) { compare(Precision::fp32, 2e-5); }

TEST_P(TrainingReference, AgreesWithPyTorchInBf16) {
  try {
    resolve(Precision::bf16);
  } catch (const std::exception& e) {
    GTEST_SKIP() << e.what();
  }
  // bf16 keeps 8 significant bits; sums over a layer or two lose one or two more.
  compare(Precision::bf16, 0.04);
}

INSTANTIATE_TEST_SUITE_P(PyTorch, TrainingReference, testing::ValuesIn(cases(true)), case_name);

TEST(TrainingNetwork, UnfoldedBackwardAgreesWithTheDirectOne) {
  try {
    resolve(Precision::bf16);
  } catch (const std::exception& e) {
    GTEST_SKIP() << e.what();
  }
  // In bf16 the weights' gradient of so small maps is a matrix product; in fp32 it is not.
  const auto gradients = [](Precision precision) {
    const std::vector<std::string> lines{"conv 64 3x2 stride=2x1 pad=1 bias=false", "flatten",
                                         "dense 3"};
    TrainingNetwork network(Graph::parse({64, 5, 3, false}, lines), unit_scaling(Graph({64, 5, 3})),
                            {.batch_size = 3, .precision = precision, .seed = 1});
    Random random(3);
    std::vector<float> input(3 * 64 * 5 * 3);
    for (float& v : input) v = static_cast<float>(random.below(256)) / 256.0f;
    network.forward(input);
    std::vector<float> gradient(network.output().size(), 1.0f);
    network.backward(gradient);
    return network.to_declared(network.gradients());
  };
  const auto fp32 = gradients(Precision::fp32);
  const auto bf16 = gradients(Precision::bf16);
  for (std::size_t i = 0; i < fp32.size(); ++i) {
    EXPECT_LT(reference::difference(bf16[i].values, fp32[i].values), 0.02) << fp32[i].name;
  }
}

class InferenceReference : public testing::TestWithParam<reference::Case> {};

TEST_P(InferenceReference, AgreesWithPyTorchInFp32) {
  const reference::Case& one = GetParam();
  const ReferenceGraph reference(one);
  const int batch = static_cast<int>(one.at("input").shape[0]);
  InferenceNetwork network(reference.graph(), unit_scaling(reference.graph()), batch,
                           Precision::fp32, given_parameters(one, reference));
  EXPECT_LT(reference::difference(network.run(one.values("input")), one.values("output")), 2e-5);
}

INSTANTIATE_TEST_SUITE_P(PyTorch, InferenceReference, testing::ValuesIn(cases(false)), case_name);

}  // namespace
}  // namespace thimble::nn
