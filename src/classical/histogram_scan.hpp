// Running sums over the bins of a class histogram, for the gini score.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace thimble::classical {

/// The 16-bit kernels' limits: sums of squares stay below 2^31.
inline constexpr std::int64_t kNarrowWeight = 32767;

/// Lists the positions of the 255s among `kBins` bytes that are else 0, ascending, and sets them
/// to 0.
/// @return  how many there were
template <std::size_t kBins>
std::size_t take_marks(std::uint8_t* marks, std::uint8_t* positions) {
  static_assert(kBins % 64 == 0);
  std::size_t count = 0;
#if defined(__SSE2__)
  // 64 at a time: a branch on so few bits as a vector has is mispredicted too often.
  const __m128i zero = _mm_setzero_si128();
  for (std::size_t begin = 0; begin < kBins; begin += 64) {
    std::uint64_t bits = 0;
    for (std::size_t part = 0; part < 64; part += 16) {
      auto* block = reinterpret_cast<__m128i*>(marks + begin + part);
      const auto some = static_cast<unsigned>(_mm_movemask_epi8(_mm_loadu_si128(block)));
      bits |= std::uint64_t{some} << part;
      _mm_storeu_si128(block, zero);
    }
    for (; bits != 0; bits &= bits - 1) {
      positions[count++] =
          static_cast<std::uint8_t>(begin + static_cast<unsigned>(__builtin_ctzll(bits)));
    }
  }
#else
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    positions[count] = static_cast<std::uint8_t>(bin);
    count += marks[bin] != 0;
    marks[bin] = 0;
  }
#endif
  return count;
}

/// For each of the bins listed, ascending, writes to `sums` the sums over that bin and those before
/// of
///     squares  sum_c weight_c^2
///     cross    sum_c weight_c totals_c
///     weight   sum_c weight_c
/// as four int32 (the last unused), and zeroes the histogram there.
///
/// @param histogram  int16 [bins, kStride]
/// @param totals     int16 [kStride], at most kNarrowWeight together
/// @param sums       int32 [count, 4]
template <int kStride>
void scan_gini(std::int16_t* histogram, const std::uint8_t* bins, std::size_t count,
               const std::int16_t* totals, std::int32_t* sums) {
  static_assert(kStride == 4 || kStride % 8 == 0);
#if defined(__SSE2__)
  constexpr int kVectors = kStride == 4 ? 1 : kStride / 8;
  const auto load = [](const std::int16_t* p) {
    const auto* at = reinterpret_cast<const __m128i*>(p);
    return kStride == 4 ? _mm_loadl_epi64(at) : _mm_loadu_si128(at);
  };
  const __m128i zero = _mm_setzero_si128();
  const __m128i ones = _mm_set1_epi16(1);
  __m128i total[kVectors];
  __m128i sum[kVectors];
  for (int v = 0; v < kVectors; ++v) {
    total[v] = load(totals + v * 8);
    sum[v] = zero;
  }
  for (std::size_t i = 0; i < count; ++i) {
    std::int16_t* row = histogram + std::size_t{bins[i]} * kStride;
    __m128i squares = zero;
    __m128i cross = zero;
    __m128i weight = zero;
    for (int v = 0; v < kVectors; ++v) {
      sum[v] = _mm_add_epi16(sum[v], load(row + v * 8));
      auto* at = reinterpret_cast<__m128i*>(row + v * 8);
      if constexpr (kStride == 4) {
        _mm_storel_epi64(at, zero);
      } else {
        _mm_storeu_si128(at, zero);
      }
      squares = _mm_add_epi32(squares, _mm_madd_epi16(sum[v], sum[v]));
      cross = _mm_add_epi32(cross, _mm_madd_epi16(sum[v], total[v]));
      weight = _mm_add_epi32(weight, _mm_madd_epi16(sum[v], ones));
    }
    // Adds up the lanes of all three at once.
    const __m128i first =
        _mm_add_epi32(_mm_unpacklo_epi32(squares, cross), _mm_unpackhi_epi32(squares, cross));
    const __m128i second =
        _mm_add_epi32(_mm_unpacklo_epi32(weight, zero), _mm_unpackhi_epi32(weight, zero));
    _mm_storeu_si128(
        reinterpret_cast<__m128i*>(sums + i * 4),
        _mm_add_epi32(_mm_unpacklo_epi64(first, second), _mm_unpackhi_epi64(first, second)));
  }
#else
  std::int16_t sum[kStride] = {};
  for (std::size_t i = 0; i < count; ++i) {
    std::int16_t* row = histogram + std::size_t{bins[i]} * kStride;
    std::int32_t* out = sums + i * 4;
    out[0] = out[1] = out[2] = out[3] = 0;
    for (int c = 0; c < kStride; ++c) {
      sum[c] = static_cast<std::int16_t>(sum[c] + row[c]);
      row[c] = 0;
      out[0] += sum[c] * sum[c];
      out[1] += sum[c] * totals[c];
      out[2] += sum[c];
    }
  }
#endif
}

}  // namespace thimble::classical
