// Whole networks trained on AMX against the same in double precision.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "naive.hpp"
#include "naive_network.hpp"
#include "networks.hpp"
#include "nn/threads.hpp"
#include "nn/training_network.hpp"
#include "training_networks.hpp"

namespace thimble::nn::amx {
namespace {

bool stays_whole(const Graph& graph) {
  return std::ranges::none_of(graph.layers(), [](const auto& layer) {
    return layer->traits().normalizes || layer->word() == "gelu" ||
           layer->word().find("avg") != std::string::npos;
  });
}

/// Parameters with which small whole numbers stay such from layer to layer: a few weights of 1 or
/// -1 for every output, whole biases. Without batch norm all is then exact in bf16 too.
ParameterValues whole_parameters(const Graph& graph) {
  // Where not all stays whole, more of them, so that a single ReLU that turns matters less.
  const double weights_of_an_output = stays_whole(graph) ? 4 : 8;
  ParameterValues values = lively_parameters(graph, 1);
  const auto declared = graph.parameters();
  Random random(4);
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const auto outputs = static_cast<double>(declared[i].shape[0]);
    const double share = weights_of_an_output * outputs / static_cast<double>(declared[i].size());
    for (float& v : values[i].values) {
      const float sign = random.below(2) == 0 ? 1.0f : -1.0f;
      if (declared[i].role == ParameterRole::weight) v = random.uniform() < share ? sign : 0.0f;
      if (declared[i].role == ParameterRole::bias) v = sign;
    }
  }
  return values;
}

/// What goes into a step.
struct StepNumbers {
  std::vector<float> input, output_gradient;

  StepNumbers(const Graph& graph, int batch) {
    Random random(2);
    input = whole_numbers(static_cast<std::size_t>(graph.input().size() * batch), 2, random);
    output_gradient =
        whole_numbers(static_cast<std::size_t>(graph.output().size() * batch), 2, random);
  }
};

double root_mean_square(std::span<const double> values) {
  double squares = 0;
  for (const double v : values) squares += v * v;
  return values.empty() ? 0 : std::sqrt(squares / static_cast<double>(values.size()));
}

/// The length of the difference, relative to the length of what is expected, or to that of values
/// of about `least`. Single values may be further off: where rounding turned ReLU or chose another
/// of a window's largest.
double relative_error(std::span<const float> actual, std::span<const double> expected,
                      double least = 0) {
  if (actual.size() != expected.size()) return INFINITY;
  std::vector<double> difference(actual.begin(), actual.end());
  for (std::size_t i = 0; i < difference.size(); ++i) difference[i] -= expected[i];
  const double error = root_mean_square(difference);
  return error == 0 ? 0 : error / std::max(least, root_mean_square(expected));
}

// Where whole numbers stay whole, only sums of very many of them are rounded.
constexpr double kWholeTolerance = 1e-6;
// Where they do not, bf16 keeps 8 bits, and ReLU turns where what goes in is about 0.
constexpr double kTolerance = 0.1;

/// Compares what a step came to with what it has to.
void compare(const Graph& graph, TrainingNetwork& network, const NaiveNetwork& naive) {
  const double tolerance = stays_whole(graph) ? kWholeTolerance : kTolerance;
  EXPECT_LT(relative_error(network.output(), naive.output()), tolerance) << "output";
  const ParameterValues gradients = network.to_declared(network.gradients());
  // What batch norm takes away again, such as a bias before it, has no gradient but what rounding
  // makes of it.
  double largest = 0;
  for (const NamedArray& gradient : gradients) {
    largest = std::max(largest, root_mean_square(naive.gradient(gradient.name)));
  }
  for (const NamedArray& gradient : gradients) {
    EXPECT_LT(relative_error(gradient.values, naive.gradient(gradient.name), 0.05 * largest),
              tolerance)
        << "gradient of " << gradient.name;
  }
  for (const NamedArray& value : network.parameters()) {
    EXPECT_LT(relative_error(value.values, naive.parameter(value.name)), tolerance) << value.name;
  }
  if (network.input_gradient().empty()) return;
  EXPECT_LT(relative_error(network.input_gradient(), naive.input_gradient()), tolerance)
      << "input gradient";
}

double product_of(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return sum;
}

/// A step of a network on AMX against the same in double precision, with and without the gradient
/// of the input: the first layer takes another way where it is not asked for.
void check(const Graph& graph, int batch, int first_trained_layer = 0) {
  const ParameterValues values = whole_parameters(graph);
  NaiveNetwork naive(graph, values, batch, first_trained_layer);
  const StepNumbers numbers(graph, batch);
  naive.forward(numbers.input);
  naive.forward(numbers.input);
  naive.backward(numbers.output_gradient);
  for (const bool input_gradient : {false, true}) {
    if (input_gradient && first_trained_layer > 0) continue;
    SCOPED_TRACE(fmt::format("batch {}, input gradient {}", batch, input_gradient));
    TrainingNetwork network(graph, unit_scaling(graph),
                            {.batch_size = batch,
                             .precision = Precision::bf16,
                             .seed = 1,
                             .input_gradient = input_gradient,
                             .first_trained_layer = first_trained_layer});
    network.set_parameters(values);
    // The second pass finds what the first left in memory.
    for (int pass = 0; pass < 2; ++pass) {
      network.forward(numbers.input);
      network.backward(numbers.output_gradient);
    }
    compare(graph, network, naive);
  }
}

std::vector<NamedNetwork> networks_of_any_batch() {
  std::vector<NamedNetwork> all = fused();
  for (const auto& more : {not_fused(), flat_and_heads()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

class AmxTraining : public AmxTest, public testing::WithParamInterface<NamedNetwork> {};

TEST_P(AmxTraining, ComesToTheGradients) {
  const Graph graph = GetParam().graph();
  for (const int batch : {1, 5, 32, 40, 128}) check(graph, batch);
}

INSTANTIATE_TEST_SUITE_P(Networks, AmxTraining, testing::ValuesIn(networks_of_any_batch()),
                         network_name);

class AmxFlatNorms : public AmxTest, public testing::WithParamInterface<NamedNetwork> {};

TEST_P(AmxFlatNorms, ComesToTheGradients) {
  const Graph graph = GetParam().graph();
  for (const int batch : {5, 32, 40, 128}) check(graph, batch);
}

INSTANTIATE_TEST_SUITE_P(Networks, AmxFlatNorms, testing::ValuesIn(flat_norms()), network_name);

class AmxTrainingOthers : public AmxTest {};

TEST_F(AmxTrainingOthers, ComesToTheGradientsWithAnyThreads) {
  for (const int threads : {1, 3}) {
    const WithThreads with(threads);
    for (const NamedNetwork& network : fused()) {
      SCOPED_TRACE(fmt::format("{}, {} threads", network.name, threads));
      check(network.graph(), 40);
    }
  }
}

TEST_F(AmxTrainingOthers, ComesToTheGradientsBehindFrozenLayers) {
  struct Frozen {
    int first_trained_layer;
    Shape input;
    std::vector<std::string> lines;
  };
  const std::vector<Frozen> all = {
      {3,
       {1, 8, 8, false},
       {"conv 16 3 pad=1", "relu", "conv 32 3 pad=1", "relu", "max_pool 2", "flatten",
        "dense classes"}},
      {4,
       {3, 9, 8, false},
       {"conv 20 3 pad=1", "relu", "max_pool 2", "conv 40 3 pad=1", "max_pool 2", "batch_norm",
        "relu", "flatten", "dense classes"}},
      {4,
       {1, 7, 7, false},
       {"conv 16 3 pad=1", "batch_norm", "relu", "mark a", "conv 16 3 pad=1", "batch_norm", "relu",
        "add a", "mark b", "conv 16 3 pad=1", "add b", "add a", "flatten", "dense classes"}},
      {2,
       {1, 6, 6, false},
       {"conv 16 3", "relu", "max_pool 2", "conv 16 2", "batch_norm", "relu", "flatten",
        "dense classes"}},
      {4, {1, 6, 6, false}, {"conv 16 3", "relu", "flatten", "dense 40", "relu", "dense classes"}},
      {3, {2, 4, 4, false}, {"flatten", "dense 40", "relu", "dense classes"}},
  };
  for (const Frozen& one : all) {
    SCOPED_TRACE(testing::PrintToString(one.lines));
    for (const int batch : {5, 40}) {
      check(Graph::parse(one.input, one.lines, 10), batch, one.first_trained_layer);
    }
  }
}

TEST_F(AmxTrainingOthers, DropsTheSameForwardAndBackward) {
  // Without biases each layer's output is proportional to its weights, and so is the network's.
  // Then the sum of weights times their gradients is that of outputs times theirs, for every layer
  // and whatever is dropped.
  const std::vector<std::string> lines = {"conv 16 3 bias=false", "dropout 0.5", "relu",
                                          "conv 32 3 bias=false", "relu",        "dropout 0.75",
                                          "max_pool 2",           "flatten",     "dropout 0.5",
                                          "dense 40 bias=false",  "relu",        "dropout 0.5",
                                          "dense 10 bias=false"};
  const Graph graph = Graph::parse({2, 10, 9, false}, lines);
  constexpr int kBatch = 40;
  TrainingNetwork network(graph, unit_scaling(graph),
                          {.batch_size = kBatch, .precision = Precision::bf16, .seed = 1});
  network.set_parameters(whole_parameters(graph));
  const auto [input, output_gradient] = StepNumbers(graph, kBatch);
  std::vector<std::vector<float>> outputs;
  for (const std::uint64_t step : {7u, 8u, 7u}) {
    network.forward(input, step);
    network.backward(output_gradient);
    outputs.emplace_back(network.output().begin(), network.output().end());
    const double expected = product_of(outputs.back(), output_gradient);
    ASSERT_NE(expected, 0);
    const ParameterValues weights = network.parameters();
    const ParameterValues gradients = network.to_declared(network.gradients());
    for (std::size_t i = 0; i < weights.size(); ++i) {
      EXPECT_NEAR(product_of(weights[i].values, gradients[i].values) / expected, 1, 1e-5)
          << weights[i].name;
    }
  }
  EXPECT_NE(outputs[0], outputs[1]);
  EXPECT_EQ(outputs[0], outputs[2]);
}

}  // namespace
}  // namespace thimble::nn::amx
