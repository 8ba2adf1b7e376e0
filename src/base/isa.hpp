// Which of the processor's instruction sets kernels may use: one answer for the whole program.

#pragma once

#include <string>

namespace thimble {

/// Instruction sets that kernels are written for, each containing those before it.
enum class Isa {
  portable,  ///< what the compiler is told of: every x86-64, or another processor
  avx2,
  avx512,  ///< F, BW, VL and DQ
  avx512_bf16,
  amx,  ///< tiles of bf16 and of bytes
};

/// "portable", "avx2", "avx512", "avx512_bf16", "amx".
const char* to_string(Isa isa);

/// The widest that this processor has, the operating system permits and the environment variable
/// THIMBLE_ISA allows. Asked once; a kernel that needs more than the set asks the processor beside.
/// @throws UsageError  if THIMBLE_ISA names no instruction set, or one wider than the machine's
Isa isa();

inline bool has(Isa wanted) { return isa() >= wanted; }

/// isa() on a machine whose widest is `machine`, for one value of THIMBLE_ISA; empty: no limit.
/// @throws UsageError  as isa()
Isa limited(Isa machine, const std::string& name);

}  // namespace thimble
