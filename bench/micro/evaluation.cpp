// Judging the probabilities of 10,000 pictures in ten classes: every figure of `thimble evaluate`.

#include "evaluation/evaluation.hpp"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "base/random.hpp"

namespace {

void evaluate(benchmark::State& state) {
  constexpr std::size_t kSamples = 10'000;
  constexpr std::size_t kClasses = 10;
  thimble::Random random(1);
  thimble::Probabilities probabilities(kSamples, kClasses);
  std::vector<std::int32_t> labels(kSamples);
  for (std::size_t i = 0; i < kSamples; ++i) {
    float sum = 0;
    for (float& p : probabilities[i]) sum += p = static_cast<float>(random.uniform());
    for (float& p : probabilities[i]) p /= sum;
    labels[i] = static_cast<std::int32_t>(random.below(kClasses));
  }
  std::vector<std::string> classes;
  for (std::size_t c = 0; c < kClasses; ++c) classes.push_back("class " + std::to_string(c));

  for (auto _ : state) {
    benchmark::DoNotOptimize(thimble::evaluate(probabilities, labels, classes));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kSamples));
}
BENCHMARK(evaluate)->Unit(benchmark::kMicrosecond);

}  // namespace
