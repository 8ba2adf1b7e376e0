// Growing trees and forests on 6,000 drawn pictures, and asking them.

#include <benchmark/benchmark.h>

#include "classical/forest.hpp"
#include "data/source.hpp"

namespace {

using namespace thimble;

const Dataset& pictures() {
  static const DatasetSplits splits = load_source(find_source("synthetic:train=6000,test=1"));
  return splits.train;
}

classical::Features features() {
  const Images& images = pictures().images;
  return {images.pixels(), images.pixels().size() / pictures().size(), 1};
}

void grow_tree(benchmark::State& state, classical::Criterion criterion) {
  const classical::Features pixels = features();
  const classical::Samples train{pixels, pictures().labels, pictures().classes.size()};
  classical::TreeOptions options;
  options.criterion = criterion;
  Progress quiet;
  for (auto _ : state) benchmark::DoNotOptimize(classical::grow_tree(train, options, 1, quiet));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(train.size()));
}

classical::Forest forest_of(classical::Splitter splitter) {
  const classical::Features pixels = features();
  const classical::Samples train{pixels, pictures().labels, pictures().classes.size()};
  classical::ForestOptions options;
  options.n_estimators = 10;
  options.bootstrap = splitter == classical::Splitter::best;
  options.tree.splitter = splitter;
  options.tree.max_features = 28;
  Progress quiet;
  return classical::grow_forest(train, options, 1, quiet);
}

void grow_forest(benchmark::State& state, classical::Splitter splitter) {
  for (auto _ : state) benchmark::DoNotOptimize(forest_of(splitter));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(pictures().size()));
}

void predict(benchmark::State& state) {
  const classical::Forest forest = forest_of(classical::Splitter::best);
  const classical::Features pixels = features();
  std::vector<float> out(pixels.size() * pictures().classes.size());
  for (auto _ : state) {
    forest.trees.predict_proba(pixels, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(pixels.size()));
}

BENCHMARK_CAPTURE(grow_tree, gini, classical::Criterion::gini)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(grow_tree, entropy, classical::Criterion::entropy)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(grow_forest, best, classical::Splitter::best)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(grow_forest, random, classical::Splitter::random)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(predict)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
