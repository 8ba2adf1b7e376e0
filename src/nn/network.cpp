#include "nn/network.hpp"

#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "nn/engine/onednn.hpp"

namespace thimble::nn {
namespace {

bool has_isa(dnnl::cpu_isa isa) {
  cpu_engine();  // first, for it tells oneDNN what it may use
  // Each instruction set's value has the bits of those it contains.
  const auto have = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const auto want = static_cast<unsigned>(isa);
  return (have & want) == want;
}

std::size_t product(const std::vector<std::int64_t>& shape) {
  std::size_t size = 1;
  for (const auto extent : shape) size *= static_cast<std::size_t>(extent);
  return size;
}

}  // namespace

const char* to_string(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return "fp32";
    case Precision::bf16:
      return "bf16";
    case Precision::automatic:
      break;
  }
  return "auto";
}

Precision precision_from(const std::string& name) {
  for (const auto p : {Precision::automatic, Precision::fp32, Precision::bf16}) {
    if (name == to_string(p)) return p;
  }
  throw UsageError(fmt::format("precision: '{}', expected auto, fp32 or bf16", name));
}

Precision resolve(Precision precision) {
  if (precision == Precision::automatic) {
    return has_isa(dnnl::cpu_isa::avx512_core_bf16) ? Precision::bf16 : Precision::fp32;
  }
  if (precision == Precision::bf16 && !has_isa(dnnl::cpu_isa::avx512_core)) {
    throw UsageError("precision: this processor cannot do bf16 (AVX-512 is missing); use fp32");
  }
  return precision;
}

ParameterValues initial_parameters(const Graph& graph, std::uint64_t seed) {
  ParameterValues values;
  std::uint64_t stream = 0;
  for (const auto& declared : graph.parameters()) {
    NamedArray array{declared.name, declared.shape,
                     std::vector<float>(product(declared.shape), declared.start)};
    if (declared.role == ParameterRole::weight) {
      const auto fan_in =
          static_cast<double>(array.values.size()) / static_cast<double>(declared.shape.front());
      const double bound = std::sqrt(3.0 / fan_in);
      Random random(hash_seed(seed, ++stream));
      for (float& v : array.values) v = static_cast<float>(random.uniform(-bound, bound));
    }
    values.push_back(std::move(array));
  }
  return values;
}

void check_parameters(const Graph& graph, const ParameterValues& values, const std::string& place) {
  const auto declared = graph.parameters();
  if (declared.size() != values.size()) {
    throw DataError(
        fmt::format("{}: {} parameters, expected {}", place, values.size(), declared.size()));
  }
  for (std::size_t i = 0; i < declared.size(); ++i) {
    if (declared[i].name != values[i].name || declared[i].shape != values[i].shape ||
        values[i].values.size() != product(declared[i].shape)) {
      throw DataError(fmt::format("{}: parameter {} of shape [{}], expected {} of shape [{}]",
                                  place, values[i].name, fmt::join(values[i].shape, ", "),
                                  declared[i].name, fmt::join(declared[i].shape, ", ")));
    }
  }
}

}  // namespace thimble::nn
