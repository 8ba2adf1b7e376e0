// Compiles what stands between THIMBLE_AMX_BEGIN and THIMBLE_AMX_END for AMX and AVX-512, and
// nothing else in the program: standard headers go before it. For the .cpp files of this folder.

#pragma once

#define THIMBLE_AMX_FEATURES "amx-tile,amx-bf16,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"

#define THIMBLE_PRAGMA(text) _Pragma(#text)
#define THIMBLE_PRAGMA_OF(text) THIMBLE_PRAGMA(text)

#if defined(__clang__)
#define THIMBLE_AMX_BEGIN \
  THIMBLE_PRAGMA_OF(      \
      clang attribute push(__attribute__((target(THIMBLE_AMX_FEATURES))), apply_to = function))
#define THIMBLE_AMX_END _Pragma("clang attribute pop")
#else
// GCC 12 takes the "undefined" operand inside its own intrinsics for a variable of ours.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#define THIMBLE_AMX_BEGIN \
  _Pragma("GCC push_options") THIMBLE_PRAGMA_OF(GCC target(THIMBLE_AMX_FEATURES))
#define THIMBLE_AMX_END _Pragma("GCC pop_options")
#endif
