// Time of predict_proba, for one picture (latency) and for batches: the mean and, as a counter, the
// median of the calls.
//
//   bench_inference [--benchmark_...] MODEL...     model files; pictures are noise of their shape

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "models/classifier.hpp"

namespace {

void predict(benchmark::State& state, const thimble::Classifier& model) {
  thimble::Images pictures(model.description().input, static_cast<std::size_t>(state.range(0)));
  thimble::Random random(1);
  for (auto& pixel : pictures.pixels()) pixel = static_cast<std::uint8_t>(random.bits());
  using Clock = std::chrono::steady_clock;
  std::vector<double> times_us;
  for (auto _ : state) {
    const auto started = Clock::now();
    benchmark::DoNotOptimize(model.predict_proba(pictures));
    times_us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - started).count());
  }
  const auto middle = times_us.begin() + static_cast<std::ptrdiff_t>(times_us.size() / 2);
  std::ranges::nth_element(times_us, middle);
  state.counters["median_us"] = *middle;
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

}  // namespace

int main(int argc, char** argv) try {
  benchmark::Initialize(&argc, argv);
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_inference [--benchmark_...] MODEL...\n");
    return 2;
  }
  std::vector<std::unique_ptr<thimble::Classifier>> models;
  for (int i = 1; i < argc; ++i) {
    models.push_back(thimble::load_classifier(argv[i]));
    const thimble::Classifier& model = *models.back();
    benchmark::RegisterBenchmark(model.description().name.c_str(),
                                 [&model](benchmark::State& state) { predict(state, model); })
        ->Arg(1)
        ->Arg(32)
        ->Arg(128)
        ->Arg(500)
        ->Unit(benchmark::kMicrosecond)
        ->UseRealTime();
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_inference: %s\n", error.what());
  return 1;
}
