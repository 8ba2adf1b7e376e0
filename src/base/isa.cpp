#include "base/isa.hpp"

#include <cstdint>
#include <cstdlib>

#include <fmt/format.h>

#include "base/error.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace thimble {
namespace {

constexpr Isa kAll[] = {Isa::portable, Isa::avx2, Isa::avx512, Isa::avx512_bf16, Isa::amx};

#if defined(__x86_64__)

bool all(std::uint64_t bits, std::uint64_t wanted) { return (bits & wanted) == wanted; }

/// The register files that the operating system keeps for each thread: XCR0.
std::uint64_t kept_registers() {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return std::uint64_t{high} << 32 | low;
}

/// Linux hands out the eight kilobytes of tiles to those alone who ask; once for the process.
bool tiles_permitted() {
#if defined(__linux__)
  constexpr int kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM, which older headers lack
  constexpr int kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

/// Intel's manual, volume 2, CPUID, and volume 1, chapter 13 for the bits of XCR0.
Isa machine_isa() {
  constexpr std::uint64_t kVectors = 0x6;       // XMM, the upper halves of YMM
  constexpr std::uint64_t kWideVectors = 0xE6;  // masks, the upper halves of ZMM, ZMM 16 to 31
  constexpr std::uint64_t kTiles = 0x60000;     // configuration and data
  constexpr unsigned kAvx512 = bit_AVX512F | bit_AVX512BW | bit_AVX512VL | bit_AVX512DQ;
  constexpr unsigned kAmx = 1U << 22 | 1U << 24 | 1U << 25;  // bf16, tiles, int8: no common names
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || !all(c, bit_OSXSAVE | bit_AVX)) return Isa::portable;
  const std::uint64_t registers = kept_registers();
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return Isa::portable;
  if (!all(registers, kVectors) || !all(b, bit_AVX2)) return Isa::portable;
  if (!all(registers, kWideVectors) || !all(b, kAvx512)) return Isa::avx2;
  const bool amx = all(registers, kTiles) && all(d, kAmx);
  if (a == 0 || __get_cpuid_count(7, 1, &a, &b, &c, &d) == 0 || !all(a, bit_AVX512BF16)) {
    return Isa::avx512;
  }
  return amx && tiles_permitted() ? Isa::amx : Isa::avx512_bf16;
}

#else

Isa machine_isa() { return Isa::portable; }

#endif

}  // namespace

const char* to_string(Isa isa) {
  switch (isa) {
    case Isa::portable:
      break;
    case Isa::avx2:
      return "avx2";
    case Isa::avx512:
      return "avx512";
    case Isa::avx512_bf16:
      return "avx512_bf16";
    case Isa::amx:
      return "amx";
  }
  return "portable";
}

Isa limited(Isa machine, const std::string& name) {
  if (name.empty()) return machine;
  std::string names;
  for (const Isa isa : kAll) {
    if (name != to_string(isa)) {
      names += (names.empty() ? "" : isa == Isa::amx ? " or " : ", ") + std::string(to_string(isa));
      continue;
    }
    // Less than what was asked for would be taken for it.
    if (isa <= machine) return isa;
    throw UsageError(fmt::format("THIMBLE_ISA: '{}', but this machine has no more than {}", name,
                                 to_string(machine)));
  }
  throw UsageError(fmt::format("THIMBLE_ISA: '{}', expected {}", name, names));
}

Isa isa() {
  static const Isa chosen = [] {
    const char* name = std::getenv("THIMBLE_ISA");
    return limited(machine_isa(), name == nullptr ? "" : name);
  }();
  return chosen;
}

}  // namespace thimble
