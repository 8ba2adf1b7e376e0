// What products the processor can be brought to: FLOP/s of one large matrix product by oneDNN, its
// operands in the layouts it likes best, on OMP_NUM_THREADS threads. bench/training_speed holds
// trainings against it.

#include <benchmark/benchmark.h>

#include <cstring>

#include <dnnl.hpp>

namespace {

using dnnl::memory;

constexpr memory::dim kSize = 2048;

/// 0.0115 everywhere, which these bytes are in float as in bfloat16.
memory filled(const memory::desc& desc, const dnnl::engine& engine) {
  constexpr int kByte = 0x3c;
  memory values(desc, engine);
  std::memset(values.get_data_handle(), kByte, desc.get_size());
  return values;
}

void product(benchmark::State& state, memory::data_type type) {
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const memory::desc any({kSize, kSize}, type, memory::format_tag::any);
  const dnnl::matmul::desc desc(any, any, any);
  const dnnl::matmul::primitive_desc chosen(desc, engine, /*allow_empty=*/true);
  if (!chosen) {
    state.SkipWithError("not on this processor");
    return;
  }
  const dnnl::matmul matmul(chosen);
  memory a = filled(chosen.src_desc(), engine);
  memory b = filled(chosen.weights_desc(), engine);
  memory c = filled(chosen.dst_desc(), engine);
  for (auto _ : state) {
    matmul.execute(stream, {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}});
    stream.wait();
  }
  state.SetLabel(chosen.impl_info_str());
  state.counters["FLOPS"] =
      benchmark::Counter(2.0 * kSize * kSize * kSize, benchmark::Counter::kIsIterationInvariantRate,
                         benchmark::Counter::kIs1000);
}
BENCHMARK_CAPTURE(product, bf16, memory::data_type::bf16)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(product, fp32, memory::data_type::f32)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
