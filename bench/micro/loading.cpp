// Opening data sets: Fashion-MNIST from its four gzip files (skipped where it is not on the
// machine) and drawing the synthetic one.

#include <benchmark/benchmark.h>

#include <optional>
#include <string>

#include "base/error.hpp"
#include "data/source.hpp"

namespace {

void load(benchmark::State& state, const std::string& name) {
  std::optional<thimble::Source> source;
  try {
    source = thimble::find_source(name);
  } catch (const thimble::FileError&) {
    state.SkipWithError("not on this machine");
    return;
  }
  std::size_t pictures = 0;
  for (auto _ : state) {
    const thimble::DatasetSplits splits = thimble::load_source(*source);
    pictures += splits.train.size() + (splits.test ? splits.test->size() : 0);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(pictures));
}

BENCHMARK_CAPTURE(load, fashion_mnist, "fashion-mnist")
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(load, synthetic, "synthetic:train=6000,test=1000")
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
