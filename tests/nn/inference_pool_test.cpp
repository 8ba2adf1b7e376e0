#include "nn/inference_pool.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"

namespace thimble::nn {
namespace {

constexpr std::size_t kClasses = 3;
constexpr std::size_t kPicture = 64;

Graph small_graph() {
  const std::vector<std::string> lines = {"conv 16 3", "batch_norm", "relu", "max_pool 2",
                                          "flatten",   "dense 20",   "relu", "dense classes"};
  return Graph::parse({1, 8, 8, false}, lines, static_cast<int>(kClasses));
}

std::vector<std::uint8_t> noise(std::size_t pictures) {
  std::vector<std::uint8_t> pixels(pictures * kPicture);
  Random random(5);
  for (auto& pixel : pixels) pixel = static_cast<std::uint8_t>(random.bits());
  return pixels;
}

TEST(InferencePool, AgreesWithANetworkOfItsOwnForAnyNumberOfPictures) {
  constexpr std::size_t kMost = 41;
  const Graph graph = small_graph();
  const InputScaling scaling{{1 / 255.0f}, {-0.5f}};
  const ParameterValues parameters = initial_parameters(graph, 1);
  const std::vector<std::uint8_t> pixels = noise(kMost);
  InferenceNetwork alone(graph, scaling, static_cast<int>(kMost), Precision::fp32, parameters);
  std::ranges::copy(pixels, alone.input().begin());
  const auto run = alone.run();
  const std::vector<float> expected(run.begin(), run.end());

  const InferencePool pool(graph, scaling, Precision::fp32, parameters);
  const auto check_every = [&](std::size_t step) {
    for (std::size_t n = 0; n <= kMost; n += step) {
      std::vector<float> logits(n * kClasses);
      pool.run(std::span(pixels).first(n * kPicture), logits);
      for (std::size_t i = 0; i < logits.size(); ++i)
        ASSERT_NEAR(logits[i], expected[i], 1e-4) << n;
    }
  };
  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      const SerialScope serial;
      check_every(1);
    });
  }
  threads.clear();
  check_every(20);
}

TEST(InferencePool, RefusesWhatDoesNotFit) {
  const Graph graph = small_graph();
  const InferencePool pool(graph, {{1.0f}, {0.0f}}, Precision::fp32, initial_parameters(graph, 1));
  std::vector<float> logits(kClasses);
  EXPECT_THROW(pool.run(noise(2), logits), ShapeError);
  EXPECT_THROW(pool.run(std::vector<std::uint8_t>(kPicture - 1), logits), ShapeError);
  EXPECT_THROW(InferencePool(graph, {{1.0f}, {0.0f}}, Precision::fp32, {}), DataError);
}

TEST(InferencePool, PicturesInBlocksHaveTheBitsOfSingleOnes) {
  if (resolve(Precision::automatic) != Precision::bf16) GTEST_SKIP() << "no bf16 here";
  const std::vector<std::vector<std::string>> networks{
      {"conv 16 3 pad=1", "relu", "max_pool 2", "flatten", "dense 20", "relu", "dense classes"},
      {"conv 16 3", "batch_norm", "relu", "mark a", "conv 16 3 pad=1", "batch_norm", "relu",
       "add a", "conv 32 3 pad=1", "max_pool 2", "batch_norm", "relu", "global_max_pool", "flatten",
       "dense classes"},
      {"conv 32 3", "batch_norm", "relu", "max_pool 2", "mark a", "conv 32 3 pad=1", "add a",
       "relu", "global_avg_pool", "flatten", "dense classes"},
      {"flatten", "dense 40", "relu", "dropout 0.5", "dense classes"}};
  constexpr std::size_t kPictures = 150;  // blocks, and some left over
  const std::vector<std::uint8_t> pixels = noise(kPictures);
  for (const auto& lines : networks) {
    const Graph graph = Graph::parse({1, 8, 8, false}, lines, static_cast<int>(kClasses));
    const InferencePool pool(graph, {{1 / 255.0f}, {-0.5f}}, Precision::bf16,
                             initial_parameters(graph, 1));
    std::vector<float> together(kPictures * kClasses);
    std::vector<float> alone(together.size());
    pool.run(pixels, together);
    for (std::size_t i = 0; i < kPictures; ++i) {
      pool.run(std::span(pixels).subspan(i * kPicture, kPicture),
               std::span(alone).subspan(i * kClasses, kClasses));
    }
    EXPECT_EQ(together, alone) << lines.front();
  }
}

}  // namespace
}  // namespace thimble::nn
