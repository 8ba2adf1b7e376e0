#include "nn/engine/amx/picture_network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "base/isa.hpp"
#include "nn/inference_network.hpp"
#include "nn/inference_pool.hpp"
#include "nn/reference.hpp"
#include "nn/threads.hpp"
#include "nn/zoo.hpp"
#include "picture_networks.hpp"

namespace thimble::nn::amx {
namespace {

constexpr int kPictures = 3;

// bf16 keeps 8 significant bits; layers lose one or two more.
constexpr double kTolerance = 0.03;

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

/// Skipped where networks are not run picture by picture.
class PictureTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!has(Isa::avx512_bf16)) {
      GTEST_SKIP() << "needs avx512_bf16; the widest instruction set to use is "
                   << to_string(isa());
    }
  }
};

class PictureNetworkTest : public PictureTest, public testing::WithParamInterface<NamedNetwork> {
 protected:
  void SetUp() override {
    PictureTest::SetUp();
    constexpr int kMostVectorWeights = 512 * 1024;
    if (!has(Isa::amx) && GetParam().graph().parameter_count() > kMostVectorWeights) {
      GTEST_SKIP() << "needs AMX for so many weights";
    }
  }
};

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

INSTANTIATE_TEST_SUITE_P(Networks, PictureNetworkTest, testing::ValuesIn(picture_networks()),
                         network_name);

class PictureNetworkOthers : public PictureTest {};

TEST_F(PictureNetworkOthers, LeavesToOthersWhatItCannotDo) {
  const std::vector<NamedNetwork> networks = {
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
