#include "linalg/onednn_isa.hpp"

#include <strings.h>

#include <cstdlib>

#include <dnnl.h>

#include "base/isa.hpp"

namespace thimble::linalg {
namespace {

dnnl_cpu_isa_t onednn_isa(Isa isa) {
  switch (isa) {
    case Isa::portable:
      return dnnl_cpu_isa_sse41;
    case Isa::avx2:
      return dnnl_cpu_isa_avx2;
    case Isa::avx512:
      return dnnl_cpu_isa_avx512_core_vnni;
    case Isa::avx512_bf16:
      return dnnl_cpu_isa_avx512_core_bf16;
    case Isa::amx:
      break;
  }
  return dnnl_cpu_isa_all;
}

/// What oneDNN's own variable allows. It cannot be asked of oneDNN: once it has answered, it takes
/// no limit any more.
dnnl_cpu_isa_t users_isa() {
  const char* name = std::getenv("ONEDNN_MAX_CPU_ISA");
  if (name == nullptr) name = std::getenv("DNNL_MAX_CPU_ISA");
  if (name == nullptr) return dnnl_cpu_isa_all;
  constexpr struct {
    const char* name;
    dnnl_cpu_isa_t isa;
  } kLimits[] = {{"SSE41", dnnl_cpu_isa_sse41},
                 {"AVX", dnnl_cpu_isa_avx},
                 {"AVX2", dnnl_cpu_isa_avx2},
                 {"AVX2_VNNI", dnnl_cpu_isa_avx2_vnni},
                 {"AVX512_CORE", dnnl_cpu_isa_avx512_core},
                 {"AVX512_CORE_VNNI", dnnl_cpu_isa_avx512_core_vnni},
                 {"AVX512_CORE_BF16", dnnl_cpu_isa_avx512_core_bf16}};
  for (const auto& limit : kLimits) {
    if (strcasecmp(name, limit.name) == 0) return limit.isa;
  }
  return dnnl_cpu_isa_all;
}

}  // namespace

void limit_onednn() {
  [[maybe_unused]] static const dnnl_status_t status = [] {
    const dnnl_cpu_isa_t ours = onednn_isa(isa());
    const dnnl_cpu_isa_t users = users_isa();
    if (ours == dnnl_cpu_isa_all) return dnnl_success;  // oneDNN follows its variable by itself
    if (users == dnnl_cpu_isa_all) return dnnl_set_max_cpu_isa(ours);
    // An instruction set's value has the bits of those it contains.
    return dnnl_set_max_cpu_isa(static_cast<dnnl_cpu_isa_t>(ours & users));
  }();
}

}  // namespace thimble::linalg
