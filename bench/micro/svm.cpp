// Kernel support vector machines on pictures made of noise around one mean a class: fitting, which
// is kernel rows and the solver, and deciding, which is kernel values and their sums.

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/random.hpp"
#include "classical/svm_decider.hpp"

namespace thimble::classical {
namespace {

constexpr std::size_t kClasses = 10;
constexpr std::size_t kPixels = 784;

struct Pictures {
  std::vector<std::uint8_t> bytes;
  std::vector<std::int32_t> labels;

  explicit Pictures(std::size_t n) : bytes(n * kPixels), labels(n) {
    Random random(1);
    for (std::size_t i = 0; i < n; ++i) {
      labels[i] = static_cast<std::int32_t>(i % kClasses);
      for (std::size_t j = 0; j < kPixels; ++j) {
        const double mean = 100 + static_cast<double>(mix64(i % kClasses * kPixels + j) % 24);
        const double value = std::clamp(mean + 90 * random.normal(), 0.0, 255.0);
        bytes[i * kPixels + j] = static_cast<std::uint8_t>(value);
      }
    }
  }

  Features features() const { return {bytes, kPixels, 1}; }
};

SvmFit fit(const Pictures& pictures) {
  SvmOptions options;
  options.C = 10;
  Progress silent;
  const Features features = pictures.features();
  return fit_svm({features, pictures.labels, kClasses}, options, silent);
}

void Fit(benchmark::State& state) {
  const Pictures pictures(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(fit(pictures).model.rho.data());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(Fit)->Arg(1000)->Arg(4000)->Unit(benchmark::kMillisecond)->UseRealTime();

void Decide(benchmark::State& state) {
  static const Pictures pictures(2000);
  static const SvmFit fitted = fit(pictures);
  const SvmDecider decider(fitted.model);
  const auto n = static_cast<std::size_t>(state.range(0));
  const Features queries(std::span(pictures.bytes).first(n * kPixels), kPixels, 1);
  for (auto _ : state) benchmark::DoNotOptimize(decider.decision_values(queries).data());
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["support_vectors"] = static_cast<double>(fitted.model.size());
}
BENCHMARK(Decide)->Arg(1)->Arg(64)->Arg(2000)->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace
}  // namespace thimble::classical
