// The special kernels for convolution + ReLU + max pooling must give what the general layers give.
// A dropout of rate 0 between ReLU and pool changes nothing but keeps the kernels out.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/random.hpp"
#include "nn/training_network.hpp"
#include "reference.hpp"

namespace thimble::nn {
namespace {

struct Result {
  std::vector<float> output;
  std::vector<float> input_gradient;
  ParameterValues gradients;
};

Result train_once(Shape input, const std::vector<std::string>& lines, Precision precision,
                  bool input_gradient) {
  const int batch = 3;
  const Graph graph = Graph::parse(input, lines);
  const auto channels = static_cast<std::size_t>(input.channels);
  TrainingNetwork network(graph, {std::vector<float>(channels, 1), std::vector<float>(channels, 0)},
                          batch, precision, 1, input_gradient);
  Random random(7);
  std::vector<float> values(static_cast<std::size_t>(batch) *
                            static_cast<std::size_t>(input.size()));
  for (float& v : values) v = static_cast<float>(random.uniform(-1, 1));
  network.forward(values);
  Result result;
  result.output.assign(network.output().begin(), network.output().end());
  std::vector<float> gradient(result.output.size());
  for (float& g : gradient) g = static_cast<float>(random.uniform(-1, 1));
  network.backward(gradient);
  result.input_gradient.assign(network.input_gradient().begin(), network.input_gradient().end());
  result.gradients = network.to_declared(network.gradients());
  return result;
}

void compare(Shape input, const std::vector<std::string>& first, const std::string& conv,
             Precision precision, bool input_gradient, double tolerance) {
  const auto with = [&](std::vector<std::string> middle) {
    std::vector<std::string> lines = first;
    lines.push_back(conv);
    lines.insert(lines.end(), middle.begin(), middle.end());
    lines.insert(lines.end(), {"max_pool 2", "flatten", "dense 5"});
    return lines;
  };
  const Result special = train_once(input, with({"relu"}), precision, input_gradient);
  const Result general = train_once(input, with({"relu", "dropout 0"}), precision, input_gradient);
  EXPECT_LT(reference::difference(special.output, general.output), tolerance);
  EXPECT_LT(reference::difference(special.input_gradient, general.input_gradient), tolerance);
  ASSERT_EQ(special.gradients.size(), general.gradients.size());
  for (std::size_t i = 0; i < general.gradients.size(); ++i) {
    EXPECT_LT(reference::difference(special.gradients[i].values, general.gradients[i].values),
              tolerance)
        << general.gradients[i].name;
  }
}

TEST(PooledConvolution, FirstLayerAgreesWithTheGeneralLayers) {
  for (const int size : {6, 7, 12}) {
    for (const auto* conv : {"conv 16 3", "conv 32 3 pad=1"}) {
      compare({1, size, size + 3, false}, {}, conv, Precision::fp32, false, 2e-6);
    }
  }
}

TEST(PooledConvolution, LaterLayerAgreesWithTheGeneralLayers) {
  for (const auto* before : {"conv 16 1", "conv 32 1", "conv 48 1", "conv 64 3 pad=1"}) {
    for (const auto* conv : {"conv 16 3", "conv 32 3 pad=1"}) {
      compare({2, 8, 9, false}, {before}, conv, Precision::fp32, false, 5e-6);
    }
  }
}

TEST(PooledConvolution, PassesTheGradientOn) {
  compare({16, 7, 6, false}, {}, "conv 32 3 pad=1", Precision::fp32, true, 5e-6);
  compare({32, 7, 6, false}, {}, "conv 16 3", Precision::fp32, true, 5e-6);
}

TEST(PooledConvolution, Bf16StaysNear) {
  try {
    resolve(Precision::bf16);
  } catch (const std::exception& e) {
    GTEST_SKIP() << e.what();
  }
  // The general layers round before they choose the largest of a window, the kernels after.
  compare({1, 12, 12, false}, {}, "conv 32 3", Precision::bf16, false, 0.06);
  compare({32, 8, 8, false}, {}, "conv 32 3 pad=1", Precision::bf16, true, 0.06);
}

}  // namespace
}  // namespace thimble::nn
