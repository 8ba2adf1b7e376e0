#include "nn/engine/amx/tail.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/parallel.hpp"
#include "nn/engine/amx/target.hpp"

namespace thimble::nn::amx {

NormStatistics::NormStatistics(int channels) {
  for (auto* numbers : {&mean, &variance, &scale, &shift, &inverse_deviation}) {
    numbers->assign(static_cast<std::size_t>(channels), 0.0f);
  }
}

void take_statistics(ChannelSums& sums, double count, int channels, double epsilon,
                     const float* scale, const float* shift, NormStatistics& statistics) {
  const std::size_t padded = statistics.mean.size();
  const double* total = sums.total();
  for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
    const double mean = total[c] / count;
    const double variance = std::max(0.0, total[padded + c] / count - mean * mean);
    const double inverse = 1 / std::sqrt(variance + epsilon);
    statistics.mean[c] = static_cast<float>(mean);
    statistics.variance[c] = static_cast<float>(variance);
    statistics.inverse_deviation[c] = static_cast<float>(inverse);
    statistics.scale[c] = static_cast<float>(scale[c] * inverse);
    statistics.shift[c] = static_cast<float>(shift[c] - mean * scale[c] * inverse);
  }
}

}  // namespace thimble::nn::amx

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>
#include <span>

namespace thimble::nn::amx {

THIMBLE_AMX_BEGIN

namespace {
#include "nn/engine/amx/pooled_positions.hpp"
#include "nn/engine/amx/tiles.hpp"

inline __m512 relu(__m512 value) { return _mm512_max_ps(value, _mm512_setzero_ps()); }

struct ForwardLoops {
  const Maps& maps;
  const Tail& tail;
  const NormStatistics& statistics;
  const Bf16* source;
  const Bf16* addend;
  Bf16* out;
  std::uint8_t* winner;

  template <bool kRelu, bool kAdd>
  void plain(std::size_t begin, std::size_t end) const {
    const auto channels = static_cast<std::size_t>(maps.channels);
    for (std::size_t c = 0; c < channels; c += kTileRows) {
      const __m512 scale = _mm512_loadu_ps(statistics.scale.data() + c);
      const __m512 shift = _mm512_loadu_ps(statistics.shift.data() + c);
      for (std::size_t i = begin + c; i < end; i += channels) {
        __m512 value = _mm512_fmadd_ps(load_bf16(source + i), scale, shift);
        if constexpr (kRelu) value = relu(value);
        if constexpr (kAdd) value = _mm512_add_ps(value, load_bf16(addend + i));
        store_bf16(out + i, value);
      }
    }
  }

  /// Values of one position at a time, so that its channels are read from the first-level cache.
  void plain_positions(std::size_t begin, std::size_t end) const {
    for (std::size_t p = begin; p < end; ++p) {
      const std::size_t first = p * maps.position_size();
      const std::size_t last = first + maps.position_size();
      if (tail.relu) {
        addend ? plain<true, true>(first, last) : plain<true, false>(first, last);
      } else {
        addend ? plain<false, true>(first, last) : plain<false, false>(first, last);
      }
    }
  }

  void pooled_row(std::size_t block, std::size_t y) const {
    const Maps small = halved(maps);
    const auto channels = static_cast<std::size_t>(maps.channels);
    for (std::size_t x = 0; x < static_cast<std::size_t>(small.width); ++x) {
      const FourPositions four(maps, block, y, x);
      const std::size_t to =
          block * small.block_size() +
          (y * static_cast<std::size_t>(small.width) + x) * small.position_size();
      for (std::size_t c = 0; c < channels; c += kTileRows) {
        const __m512 scale = _mm512_loadu_ps(statistics.scale.data() + c);
        const __m512 shift = _mm512_loadu_ps(statistics.shift.data() + c);
        for (std::size_t i = c; i < small.position_size(); i += channels) {
          __m512 best = _mm512_fmadd_ps(load_bf16(source + four.at[0] + i), scale, shift);
          __m512i which = _mm512_setzero_si512();
          for (int k = 1; k < 4; ++k) {
            const __m512 value = _mm512_fmadd_ps(load_bf16(source + four.at[k] + i), scale, shift);
            const __mmask16 larger = _mm512_cmp_ps_mask(value, best, _CMP_GT_OQ);
            best = _mm512_mask_mov_ps(best, larger, value);
            which = _mm512_mask_mov_epi32(which, larger, _mm512_set1_epi32(k));
          }
          if (tail.relu) best = relu(best);
          if (addend) best = _mm512_add_ps(best, load_bf16(addend + to + i));
          store_bf16(out + to + i, best);
          _mm_storeu_si128(reinterpret_cast<__m128i*>(winner + to + i),
                           _mm512_cvtepi32_epi8(which));
        }
      }
    }
  }
};

}  // namespace

void tail_forward(const Maps& maps, const Tail& tail, const NormStatistics& statistics,
                  const Bf16* source, const Bf16* addend, Bf16* out, std::uint8_t* winner) {
  const ForwardLoops loops{maps, tail, statistics, source, addend, out, winner};
  if (!tail.pool_last) {
    parallel_for(maps.blocks() * maps.positions(), 1,
                 [&](std::size_t begin, std::size_t end) { loops.plain_positions(begin, end); });
    return;
  }
  const auto height = static_cast<std::size_t>(maps.height / 2);
  parallel_for(maps.blocks() * height, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t unit = begin; unit < end; ++unit)
      loops.pooled_row(unit / height, unit % height);
  });
}

THIMBLE_AMX_END

}  // namespace thimble::nn::amx

#endif
