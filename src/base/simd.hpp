// Loops compiled once for every x86-64 and once for AVX2, chosen when the program loads.

#pragma once

/// Put before the definition of a function whose loops the compiler can vectorise.
///
/// AVX2 without FMA on purpose: no multiplication and addition can then be fused into one rounding,
/// so both versions give the same bits. ThreadSanitizer cannot start a program that chooses
/// functions at load time.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define THIMBLE_SIMD_CLONES
#endif
#endif
#if !defined(THIMBLE_SIMD_CLONES) && defined(__x86_64__) && defined(__gnu_linux__) && \
    !defined(__SANITIZE_THREAD__) && (!defined(__clang__) || __clang_major__ >= 14)
#define THIMBLE_SIMD_CLONES __attribute__((target_clones("avx2", "default")))
#elif !defined(THIMBLE_SIMD_CLONES)
#define THIMBLE_SIMD_CLONES
#endif

/// Put before a loop whose iterations do not depend on each other, though two of its pointers may
/// be the same (an operation in place): spares the check that would take the scalar way.
#if defined(__clang__)
#define THIMBLE_IVDEP _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define THIMBLE_IVDEP _Pragma("GCC ivdep")
#else
#define THIMBLE_IVDEP
#endif
