// Inner products of bytes, and nearest neighbours by them, on drawn pictures.

#include <benchmark/benchmark.h>

#include "base/random.hpp"
#include "classical/neighbors.hpp"
#include "linalg/byte_products_kernels.hpp"

namespace thimble::linalg {
namespace {

std::vector<std::uint8_t> random_bytes(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::uint8_t> bytes(n);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.bits());
  return bytes;
}

/// 192 queries by 4,096 rows on one thread; arguments: kernel, dimensions.
void products(benchmark::State& state) {
  const ByteKernel* const kernels[] = {portable_byte_kernel(), avx2_byte_kernel(),
                                       avx512_byte_kernel(), amx_byte_kernel()};
  const ByteKernel* kernel = kernels[state.range(0)];
  if (kernel == nullptr) {
    state.SkipWithError("not on this processor");
    return;
  }
  constexpr std::size_t kQueries = 192;
  constexpr std::size_t kRows = 4096;
  const auto d = static_cast<std::size_t>(state.range(1));
  const auto queries = random_bytes(kQueries * d, 1);
  const PackedBytes rows(random_bytes(kRows * d, 2), kRows, d);
  std::vector<std::uint32_t> out(kQueries * kRows);
  for (auto _ : state) {
    byte_products_by(*kernel, queries, kQueries, rows, 0, kRows, out.data(), kRows);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetLabel(kernel->name);
  state.counters["operations"] = benchmark::Counter(2.0 * kQueries * kRows * static_cast<double>(d),
                                                    benchmark::Counter::kIsIterationInvariantRate,
                                                    benchmark::Counter::kIs1000);
}
BENCHMARK(products)->ArgsProduct({{0, 1, 2, 3}, {784, 3072}})->Unit(benchmark::kMillisecond);

/// The five nearest of 60,000 rows on all cores; argument: queries.
void nearest_neighbors(benchmark::State& state) {
  constexpr std::size_t kDims = 784;
  const auto rows = random_bytes(60000 * kDims, 1);
  const auto queries = random_bytes(static_cast<std::size_t>(state.range(0)) * kDims, 2);
  const classical::NearestNeighbors index(classical::Features(rows, kDims, 1));
  for (auto _ : state) {
    benchmark::DoNotOptimize(index.search(classical::Features(queries, kDims, 1), 5));
  }
}
BENCHMARK(nearest_neighbors)->Arg(1)->Arg(32)->Arg(1000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace thimble::linalg
