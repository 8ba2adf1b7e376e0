// One optimizer step over 1.65 million weights, the size of resnet9.

#include <benchmark/benchmark.h>

#include <vector>

#include "nn/optimizer.hpp"

namespace {

constexpr std::size_t kWeights = 1'650'000;

void step(benchmark::State& state, const char* name) {
  thimble::nn::OptimizerOptions options;
  options.name = name;
  options.weight_decay = 5e-4;
  const auto optimizer = thimble::nn::make_optimizer(options, kWeights);
  std::vector<float> weights(kWeights, 0.5f);
  std::vector<float> gradients(kWeights, 0.01f);
  const std::vector<std::uint8_t> decays(kWeights, 1);
  for (auto _ : state) {
    optimizer->step(weights, gradients, decays, 1e-3);
    benchmark::DoNotOptimize(weights.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kWeights));
}

BENCHMARK_CAPTURE(step, sgd, "sgd")->UseRealTime();
BENCHMARK_CAPTURE(step, rmsprop, "rmsprop")->UseRealTime();
BENCHMARK_CAPTURE(step, adam, "adam")->UseRealTime();
BENCHMARK_CAPTURE(step, adamw, "adamw")->UseRealTime();

}  // namespace
