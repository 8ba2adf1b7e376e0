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
  TrainingNetwork network(
      graph, {std::vector<float>(channels, 1), std::vector<float>(channels, 0)},
      {.batch_size = batch, .precision = precision, .seed = 1, .input_gradient = input_gradient});
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

/// `first`, then the convolution, ReLU and pool; with `apart`, something between the last two that
/// changes nothing.
std::vector<std::string> network_lines(std::vector<std::string> first, const std::string& conv,
                                       bool apart) {
  first.insert(first.end(), {conv, "relu"});
  if (apart) first.emplace_back("dropout 0");
  first.insert(first.end(), {"max_pool 2", "flatten", "dense 5"});
  return first;
}

void expect_near(const Result& special, const Result& general, double tolerance) {
  EXPECT_LT(reference::difference(special.output, general.output), tolerance);
  EXPECT_LT(reference::difference(special.input_gradient, general.input_gradient), tolerance);
  ASSERT_EQ(special.gradients.size(), general.gradients.size());
  for (std::size_t i = 0; i < general.gradients.size(); ++i) {
    EXPECT_LT(reference::difference(special.gradients[i].values, general.gradients[i].values),
              tolerance)
        << general.gradients[i].name;
  }
}

void compare(Shape input, const std::vector<std::string>& first, const std::string& conv,
             bool input_gradient, double tolerance) {
  expect_near(train_once(input, network_lines(first, conv, false), Precision::fp32, input_gradient),
              train_once(input, network_lines(first, conv, true), Precision::fp32, input_gradient),
              tolerance);
}

/// In bf16 the kernels must be no further from fp32 than the general layers are, give or take what
/// rounding before instead of after choosing a window's largest does.
void compare_errors(Shape input, const std::string& conv, bool input_gradient) {
  const auto special_lines = network_lines({}, conv, false);
  const Result exact = train_once(input, special_lines, Precision::fp32, input_gradient);
  const Result special = train_once(input, special_lines, Precision::bf16, input_gradient);
  const Result general =
      train_once(input, network_lines({}, conv, true), Precision::bf16, input_gradient);
  for (std::size_t i = 0; i < exact.gradients.size(); ++i) {
    const auto& expected = exact.gradients[i].values;
    EXPECT_LT(reference::difference(special.gradients[i].values, expected),
              0.01 + 1.5 * reference::difference(general.gradients[i].values, expected))
        << exact.gradients[i].name;
  }
  EXPECT_LT(reference::difference(special.output, exact.output), 0.02);
}

TEST(PooledConvolution, FirstLayerAgreesWithTheGeneralLayers) {
  for (const int size : {6, 7, 12}) {
    for (const auto* conv : {"conv 16 3", "conv 32 3 pad=1"}) {
      compare({1, size, size + 3, false}, {}, conv, false, 2e-6);
    }
  }
}

TEST(PooledConvolution, LaterLayerAgreesWithTheGeneralLayers) {
  for (const auto* before : {"conv 16 1", "conv 32 1", "conv 48 1", "conv 64 3 pad=1"}) {
    for (const auto* conv : {"conv 16 3", "conv 32 3 pad=1"}) {
      compare({2, 8, 9, false}, {before}, conv, false, 5e-6);
    }
  }
}

TEST(PooledConvolution, PassesTheGradientOn) {
  compare({16, 7, 6, false}, {}, "conv 32 3 pad=1", true, 5e-6);
  compare({32, 7, 6, false}, {}, "conv 16 3", true, 5e-6);
}

TEST(PooledConvolution, Bf16IsNoWorseThanTheGeneralLayers) {
  try {
    resolve(Precision::bf16);
  } catch (const std::exception& e) {
    GTEST_SKIP() << e.what();
  }
  compare_errors({1, 12, 12, false}, "conv 32 3", false);
  compare_errors({32, 8, 8, false}, "conv 32 3 pad=1", true);
}

}  // namespace
}  // namespace thimble::nn
