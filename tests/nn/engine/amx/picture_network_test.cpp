#include "nn/engine/amx/picture_network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "naive.hpp"
#include "networks.hpp"
#include "nn/inference_network.hpp"
#include "nn/inference_pool.hpp"
#include "nn/reference.hpp"
#include "nn/threads.hpp"
#include "nn/zoo.hpp"

namespace thimble::nn::amx {
namespace {

constexpr int kPictures = 3;

// bf16 keeps 8 significant bits; layers lose one or two more.
constexpr double kTolerance = 0.03;

std::vector<std::string> resnet18_lines() {
  ArchitectureOptions options = architecture_defaults("resnet18");
  options.stem = "small";
  return architecture_lines("resnet18", options);
}

std::vector<NamedNetwork> zoo_networks() {
  std::vector<NamedNetwork> all;
  for (const Shape& shape : {Shape{1, 28, 28, false}, Shape{3, 32, 32, false}}) {
    const std::string size = shape.channels == 1 ? "Grey28" : "Colour32";
    for (const auto* name : {"mlp", "keras-cnn", "cnn", "resnet9"}) {
      std::string word = name;
      std::erase(word, '-');
      all.push_back({word + size, shape, architecture_lines(name)});
    }
    all.push_back({"resnet18" + size, shape, resnet18_lines()});
  }
  return all;
}

// Networks that end with a map are compared value by value.
std::vector<NamedNetwork> maps_and_fusions() {
  return {
      {"ConvOfPicture", {1, 7, 9, false}, {"conv 20 3 pad=1"}},
      {"ConvOfColourPicture", {3, 8, 5, false}, {"conv 16 3x5 pad=1x2"}},
      {"ConvOfDeepPicture", {16, 5, 5, false}, {"conv 40 3 pad=1"}},
      {"PooledConvs",
       {1, 28, 26, false},
       {"conv 16 3 pad=1", "max_pool 2", "batch_norm", "relu", "conv 48 3 pad=1", "batch_norm",
        "relu", "max_pool 2", "conv 70 3 pad=1", "relu", "max_pool 2"}},
      {"PooledConvsOfOddSize",
       {2, 27, 25, false},
       {"conv 16 3", "max_pool 2", "batch_norm", "relu", "conv 16 3 pad=1", "relu", "max_pool 2",
        "conv 32 2", "max_pool 2", "relu"}},
      {"WideRows", {1, 5, 34, false}, {"conv 16 3 pad=1", "relu", "conv 16 3 pad=1"}},
      {"WideRowsPooled",
       {1, 6, 36, false},
       {"conv 16 3 pad=1", "max_pool 2", "conv 16 1", "conv 32 3 pad=1", "max_pool 2"}},
      {"RowsOf17And33", {3, 3, 33, false}, {"conv 32 3 pad=1", "conv 16 1x17", "conv 20 1"}},
      {"OneRow", {1, 1, 20, false}, {"conv 16 1x3 pad=0x1", "relu", "conv 40 1x3 stride=1x2"}},
      {"OneColumn", {1, 21, 1, false}, {"conv 16 3x1 pad=1x0", "relu", "conv 40 3x1 stride=2x1"}},
      {"Strides",
       {3, 19, 22, false},
       {"conv 20 7 stride=2 pad=3", "relu", "conv 32 3 stride=2x1 pad=1", "batch_norm",
        "conv 48 1 stride=2", "relu", "conv 16 2x3 stride=1x2 pad=1"}},
      {"AddBeforeRelu",
       {1, 9, 11, false},
       {"conv 16 3 pad=1", "batch_norm", "relu", "mark a", "conv 16 3 pad=1", "batch_norm", "add a",
        "relu", "mark b", "conv 16 3 pad=1", "add b", "relu"}},
      {"AddBehindRelu",
       {1, 9, 11, false},
       {"conv 40 3 pad=1", "relu", "mark a", "conv 40 3 pad=1", "batch_norm", "relu", "add a",
        "mark b", "conv 40 3 pad=1", "relu", "add b", "relu", "conv 16 1"}},
      {"AddBehindPool",
       {1, 8, 10, false},
       {"mark x", "conv 32 3 pad=1", "max_pool 2", "batch_norm", "relu", "mark a", "from x",
        "conv 32 5 pad=2", "batch_norm", "relu", "max_pool 2", "add a", "relu", "mark b", "from x",
        "conv 32 1", "max_pool 2", "add b"}},
      {"Projection",
       {1, 9, 9, false},
       {"conv 16 3 pad=1", "relu", "mark a", "conv 32 1 stride=2", "batch_norm", "mark b", "from a",
        "conv 32 3 pad=1 stride=2", "batch_norm", "relu", "conv 32 3 pad=1", "batch_norm", "add b",
        "relu"}},
      {"NormBehindAdd",
       {1, 6, 6, false},
       {"conv 16 3 pad=1", "mark a", "conv 16 3 pad=1", "add a", "batch_norm", "relu", "conv 16 1",
        "relu", "batch_norm"}},
      {"AddItself", {1, 6, 5, false}, {"conv 20 3 pad=1", "batch_norm", "mark a", "add a", "relu"}},
  };
}

std::vector<NamedNetwork> other_layers() {
  return {
      {"MaxPools",
       {3, 13, 12, false},
       {"conv 20 3 pad=1", "max_pool 3 stride=2 pad=1", "conv 16 3 pad=1", "relu", "max_pool 2x3",
        "max_pool 2 stride=1"}},
      {"AvgPools",
       {3, 13, 12, false},
       {"conv 20 3 pad=1", "avg_pool 3 stride=2 pad=1", "conv 16 3 pad=1", "relu", "avg_pool 2",
        "avg_pool 3x2 stride=1 pad=1"}},
      {"PoolsOfThePicture", {2, 9, 7, false}, {"max_pool 3 stride=1 pad=1", "avg_pool 2"}},
      {"PoolsInARow", {1, 12, 12, false}, {"conv 16 3 pad=1", "max_pool 2", "max_pool 2", "relu"}},
      {"GlobalPools",
       {2, 7, 6, false},
       {"conv 20 3", "mark a", "global_avg_pool", "mark b", "from a", "global_max_pool", "add b"}},
      {"GlobalPoolToDense",
       {1, 9, 9, false},
       {"conv 70 3 pad=1", "relu", "global_max_pool", "flatten", "dense classes"}},
      {"MapOfOnePositionToDense",
       {1, 9, 9, false},
       {"conv 70 3 pad=1", "relu", "global_avg_pool", "dense 33", "relu", "dense classes"}},
      {"Gelu",
       {1, 7, 7, false},
       {"conv 20 3 pad=1", "gelu", "conv 16 3 pad=1", "batch_norm", "gelu", "max_pool 2", "gelu"}},
      {"NormsAlone",
       {2, 8, 8, false},
       {"batch_norm", "conv 20 3 pad=1", "relu", "batch_norm", "avg_pool 2", "batch_norm", "relu",
        "gelu", "batch_norm"}},
      {"ReluAlone", {2, 5, 8, false}, {"relu", "avg_pool 2", "relu", "conv 16 1", "relu", "relu"}},
      {"ThePictureItself",
       {2, 6, 6, false},
       {"mark x", "conv 2 3 pad=1", "add x", "relu", "mark a", "from x", "conv 2 5 pad=2",
        "batch_norm", "mark b", "from x", "max_pool 3 stride=1 pad=1", "add a", "add b", "add x"}},
      {"Dropouts",
       {1, 6, 6, false},
       {"dropout 0.3", "conv 20 3", "dropout 0.5", "relu", "flatten", "dropout 0.5", "dense 40",
        "dropout 0.2", "dense classes"}},
  };
}

std::vector<NamedNetwork> flat_networks() {
  return {
      {"Features", {20, 1, 1, true}, {"dense 33", "relu", "dense 7"}},
      {"FlatPicture", {3, 4, 5, false}, {"flatten", "dense 40", "gelu", "dense classes"}},
      {"FlattenAlone", {3, 4, 5, false}, {"flatten"}},
      {"FlattenAtTheEnd", {1, 4, 5, false}, {"conv 20 3 pad=1", "relu", "flatten"}},
      {"FlattenToDense", {1, 7, 6, false}, {"conv 20 3 pad=1", "flatten", "dense 70"}},
      {"ReluBehindFlatten",
       {1, 7, 6, false},
       {"conv 20 3 pad=1", "batch_norm", "flatten", "relu", "dense 33", "relu"}},
      {"GeluBehindFlatten",
       {1, 7, 6, false},
       {"conv 20 3 pad=1", "flatten", "gelu", "relu", "dropout 0.5", "dense 100"}},
      {"ReluBehindFlatPicture", {2, 3, 5, false}, {"flatten", "relu", "dense 9"}},
      {"FlattenTwice", {1, 7, 6, false}, {"conv 20 3 pad=1", "flatten", "flatten", "dense 9"}},
      {"ReluBehindFlattenAtTheEnd", {1, 4, 5, false}, {"conv 20 3 pad=1", "flatten", "gelu"}},
      {"DenseWithNorm",
       {2, 3, 3, false},
       {"flatten", "dense 40", "batch_norm", "relu", "dense 20"}},
      {"ResidualHead",
       {2, 3, 3, false},
       {"flatten", "dense 40", "relu", "mark a", "dense 40", "batch_norm", "add a"}},
      {"ResidualHeadWithRelu",
       {2, 3, 3, false},
       {"flatten", "dense 40", "mark a", "dense 40", "relu", "add a", "relu"}},
      {"ResidualDense",
       {2, 3, 3, false},
       {"flatten", "dense 20", "mark a", "gelu", "dense 20", "add a", "dense 5"}},
      {"HeadsOfMapAndVector",
       {1, 5, 5, false},
       {"conv 16 3", "flatten", "mark a", "dense 18", "mark b", "from a", "dense 18", "add b"}},
      {"UnusedBranchBehindTheHead",
       {1, 5, 5, false},
       {"flatten", "mark x", "dense 20", "mark y", "from x", "dense 7", "from y", "relu"}},
  };
}

std::vector<NamedNetwork> all_networks() {
  std::vector<NamedNetwork> all = zoo_networks();
  for (const auto& more : {maps_and_fusions(), other_layers(), flat_networks()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

/// Largest difference, relative to the largest value.
double difference(std::span<const float> actual, std::span<const float> expected) {
  float largest = 1e-6f;
  for (const float v : expected) largest = std::max(largest, std::abs(v));
  std::vector<float> scaled_actual(actual.begin(), actual.end());
  std::vector<float> scaled_expected(expected.begin(), expected.end());
  for (float& v : scaled_actual) v /= largest;
  for (float& v : scaled_expected) v /= largest;
  return reference::difference(scaled_actual, scaled_expected);
}

std::vector<std::uint8_t> noise(const Graph& graph, int pictures) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(graph.input().size() * pictures));
  Random random(5);
  for (auto& pixel : pixels) pixel = static_cast<std::uint8_t>(random.bits());
  return pixels;
}

std::vector<float> run(const PictureNetwork& network, std::span<const std::uint8_t> pictures,
                       PictureWorkspace& workspace) {
  const Graph& graph = network.graph();
  const auto n = pictures.size() / static_cast<std::size_t>(graph.input().size());
  std::vector<float> out(n * static_cast<std::size_t>(graph.output().size()));
  network.run(unit_scaling(graph), pictures, out, workspace);
  return out;
}

class PictureNetworkTest : public AmxTest, public testing::WithParamInterface<NamedNetwork> {};

TEST_P(PictureNetworkTest, AgreesWithTheOtherInference) {
  const Graph graph = GetParam().graph();
  const ParameterValues values = lively_parameters(graph, 1);
  const auto network = PictureNetwork::make(graph, values);
  ASSERT_TRUE(network);
  const std::vector<std::uint8_t> pictures = noise(graph, kPictures);
  InferenceNetwork other(graph, unit_scaling(graph), kPictures, Precision::fp32, values);
  std::ranges::copy(pictures, other.input().begin());
  const auto ran = other.run();
  const std::vector<float> expected(ran.begin(), ran.end());

  PictureWorkspace workspace = network->workspace();
  const std::vector<float> actual = run(*network, pictures, workspace);
  EXPECT_LT(difference(actual, expected), kTolerance);
  // What one picture left behind does not reach the next.
  EXPECT_EQ(run(*network, pictures, workspace), actual);
  const auto picture = static_cast<std::size_t>(graph.input().size());
  const auto values_of_one = static_cast<std::size_t>(graph.output().size());
  for (std::size_t i = 0; i < kPictures; ++i) {
    const auto alone = run(*network, std::span(pictures).subspan(i * picture, picture), workspace);
    EXPECT_TRUE(
        std::ranges::equal(alone, std::span(actual).subspan(i * values_of_one, values_of_one)));
  }
}

TEST_P(PictureNetworkTest, TakesInputThatIsScaled) {
  const Graph graph = GetParam().graph();
  const ParameterValues values = lively_parameters(graph, 2);
  const auto network = PictureNetwork::make(graph, values);
  ASSERT_TRUE(network);
  const auto input = normal_numbers(static_cast<std::size_t>(graph.input().size() * kPictures), 3);
  InferenceNetwork other(graph, unit_scaling(graph), kPictures, Precision::fp32, values);
  PictureWorkspace workspace = network->workspace();
  std::vector<float> actual(static_cast<std::size_t>(graph.output().size() * kPictures));
  network->run(input, actual, workspace);
  EXPECT_LT(difference(actual, other.run(input)), kTolerance);
}

TEST_P(PictureNetworkTest, TakesNewParameters) {
  const Graph graph = GetParam().graph();
  if (graph.parameters().empty()) return;
  const auto network = PictureNetwork::make(graph, lively_parameters(graph, 3));
  ASSERT_TRUE(network);
  const std::vector<std::uint8_t> pictures = noise(graph, 1);
  PictureWorkspace workspace = network->workspace();
  const std::vector<float> before = run(*network, pictures, workspace);
  const ParameterValues values = lively_parameters(graph, 4);
  network->set_parameters(values);
  const auto fresh = PictureNetwork::make(graph, values);
  PictureWorkspace other = fresh->workspace();
  const std::vector<float> after = run(*network, pictures, workspace);
  EXPECT_NE(after, before);
  EXPECT_EQ(after, run(*fresh, pictures, other));
}

INSTANTIATE_TEST_SUITE_P(Networks, PictureNetworkTest, testing::ValuesIn(all_networks()),
                         network_name);

class PictureNetworkOthers : public AmxTest {};

TEST_F(PictureNetworkOthers, LeavesToOthersWhatItCannotDo) {
  const std::vector<NamedNetwork> networks = {
      {"groups", {4, 5, 5, false}, {"conv 16 3", "conv 16 3 groups=2"}},
      {"norm behind flatten", {1, 5, 5, false}, {"conv 16 3", "flatten", "batch_norm", "dense 5"}},
      {"add behind flatten",
       {1, 5, 5, false},
       {"conv 16 3", "global_max_pool", "flatten", "mark a", "dense 16", "batch_norm", "add a"}},
  };
  for (const auto& one : networks) {
    const Graph graph = one.graph();
    const ParameterValues values = lively_parameters(graph, 5);
    EXPECT_FALSE(PictureNetwork::make(graph, values)) << one.name;
    InferenceNetwork fp32(graph, unit_scaling(graph), 4, Precision::fp32, values);
    InferenceNetwork bf16(graph, unit_scaling(graph), 4, Precision::bf16, values);
    const auto input = normal_numbers(static_cast<std::size_t>(graph.input().size() * 4), 6);
    EXPECT_LT(difference(bf16.run(input), fp32.run(input)), kTolerance) << one.name;
  }
}

TEST_F(PictureNetworkOthers, TheSameBitsInAnyCompanyAndWithAnyThreads) {
  constexpr int kMost = 37;
  const Graph graph = Graph::parse({1, 28, 28, false}, architecture_lines("cnn"), 10);
  const ParameterValues values = lively_parameters(graph, 7);
  const std::vector<std::uint8_t> pictures = noise(graph, kMost);
  const auto network = PictureNetwork::make(graph, values);
  ASSERT_TRUE(network);
  PictureWorkspace workspace = network->workspace();
  const std::vector<float> expected = run(*network, pictures, workspace);
  const InferencePool pool(graph, unit_scaling(graph), Precision::bf16, values);
  const auto check = [&](std::size_t first, std::size_t n) {
    std::vector<float> logits(n * 10);
    pool.run(std::span(pictures).subspan(first * 784, n * 784), logits);
    return std::ranges::equal(logits, std::span(expected).subspan(first * 10, n * 10));
  };
  for (const int threads : {1, 2, 3}) {
    const WithThreads with(threads);
    for (const std::size_t n : {1u, 2u, 7u, 36u, 37u}) {
      EXPECT_TRUE(check(kMost - n, n)) << n << " pictures, " << threads << " threads";
    }
    InferenceNetwork inference(graph, unit_scaling(graph), kMost, Precision::bf16, values);
    std::ranges::copy(pictures, inference.input().begin());
    EXPECT_TRUE(std::ranges::equal(inference.run(), expected)) << threads << " threads";
  }
  // Several callers at once.
  std::vector<std::jthread> callers;
  std::vector<int> wrong(4);
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    callers.emplace_back([&, t] {
      const SerialScope serial;
      for (std::size_t i = t; i < kMost; i += 2) wrong[t] += !check(i, 1);
    });
  }
  callers.clear();
  EXPECT_EQ(wrong, std::vector<int>(wrong.size()));
}

TEST_F(PictureNetworkOthers, InferenceNetworksTakeNewParameters) {
  const Graph graph = Graph::parse({1, 12, 12, false}, architecture_lines("cnn"), 10);
  const ParameterValues values = lively_parameters(graph, 9);
  const auto input = normal_numbers(144 * 5, 6);
  InferenceNetwork fresh(graph, unit_scaling(graph), 5, Precision::bf16, values);
  InferenceNetwork old(graph, unit_scaling(graph), 5, Precision::bf16, lively_parameters(graph, 8));
  (void)old.run(input);
  old.set_parameters(values);
  EXPECT_TRUE(std::ranges::equal(old.run(input), fresh.run(input)));
}

}  // namespace
}  // namespace thimble::nn::amx
