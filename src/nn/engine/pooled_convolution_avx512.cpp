// Each function that uses vectors carries the instruction set in an attribute, so that nothing else
// in the program is compiled for it; kernel_choice() says whether they may be called.

#include "nn/engine/pooled_convolution_avx512.hpp"

#include "base/error.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

// GCC 12 takes the "undefined" operand inside its own intrinsics for a variable of ours.
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#define THIMBLE_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#if defined(__clang__)
#define THIMBLE_UNROLL _Pragma("unroll")
#else
#define THIMBLE_UNROLL _Pragma("GCC unroll 32")
#endif

namespace thimble::nn::avx512 {
namespace {

constexpr int kLanes = 16;
constexpr int kTaps = 9;
// Each pooled position of the first layer sees 4x4 pixels.
constexpr int kPatch = 4;

THIMBLE_AVX512 inline __m512 load_bf16(const std::uint16_t* p) {
  const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}

/// Rounds to nearest even.
THIMBLE_AVX512 inline void store_bf16(std::uint16_t* p, __m512 value) {
  const __m512i bits = _mm512_castps_si512(value);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF)));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p),
                      _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16)));
}

template <bool kBf16>
THIMBLE_AVX512 inline __m512 load(const void* base, std::size_t at) {
  if constexpr (kBf16) {
    return load_bf16(static_cast<const std::uint16_t*>(base) + at);
  } else {
    return _mm512_loadu_ps(static_cast<const float*>(base) + at);
  }
}

template <bool kBf16>
THIMBLE_AVX512 inline void store(void* base, std::size_t at, __m512 value) {
  if constexpr (kBf16) {
    store_bf16(static_cast<std::uint16_t*>(base) + at, value);
  } else {
    _mm512_storeu_ps(static_cast<float*>(base) + at, value);
  }
}

struct Sizes {
  explicit Sizes(const PooledConvolution& s)
      : padded_width(s.width + 2 * s.pad),
        padded(static_cast<std::size_t>(s.height + 2 * s.pad) *
               static_cast<std::size_t>(padded_width)),
        positions(static_cast<std::size_t>(s.height) * static_cast<std::size_t>(s.width)),
        pooled(static_cast<std::size_t>(s.pooled_height()) *
               static_cast<std::size_t>(s.pooled_width())),
        out_blocks(s.out_channels / kLanes) {}

  int padded_width;
  std::size_t padded;
  std::size_t positions;
  std::size_t pooled;
  int out_blocks;
};

/// One picture of one channel as fp32 with its border of zeros. `plane` has the border already, and
/// room for reading a vector past the end.
template <bool kBf16>
void pad_picture(const PooledConvolution& s, const void* source, std::size_t picture,
                 std::vector<float>& plane) {
  const Sizes sizes(s);
  for (int y = 0; y < s.height; ++y) {
    float* row = plane.data() + static_cast<std::size_t>(y + s.pad) * sizes.padded_width + s.pad;
    const std::size_t at = picture * sizes.positions + static_cast<std::size_t>(y) * s.width;
    for (int x = 0; x < s.width; ++x) {
      if constexpr (kBf16) {
        const std::uint32_t bits = std::uint32_t{static_cast<const std::uint16_t*>(source)[at + x]}
                                   << 16;
        row[x] = __builtin_bit_cast(float, bits);
      } else {
        row[x] = static_cast<const float*>(source)[at + x];
      }
    }
  }
}

/// Forward of sixteen output channels of one picture. Four convolution sums for the four positions
/// of a pooling window; each pixel of the patch is read once.
template <bool kBf16>
THIMBLE_AVX512 void first_forward_block(const PooledConvolution& s, const float* plane,
                                        const float* weights, const float* bias, void* out,
                                        std::uint8_t* winner, std::size_t at) {
  const Sizes sizes(s);
  __m512 w[kTaps];
  THIMBLE_UNROLL
  for (int t = 0; t < kTaps; ++t) w[t] = _mm512_loadu_ps(weights + t * s.out_channels);
  const __m512 b = _mm512_loadu_ps(bias);
  for (int py = 0; py < s.pooled_height(); ++py) {
    for (int px = 0; px < s.pooled_width(); ++px, at += kLanes) {
      const float* patch = plane + 2 * py * sizes.padded_width + 2 * px;
      __m512 sum[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(),
                       _mm512_setzero_ps()};
      THIMBLE_UNROLL
      for (int r = 0; r < kPatch; ++r) {
        THIMBLE_UNROLL
        for (int c = 0; c < kPatch; ++c) {
          const __m512 v = _mm512_set1_ps(patch[r * sizes.padded_width + c]);
          if (r < 3 && c < 3) sum[0] = _mm512_fmadd_ps(v, w[r * 3 + c], sum[0]);
          if (r < 3 && c > 0) sum[1] = _mm512_fmadd_ps(v, w[r * 3 + c - 1], sum[1]);
          if (r > 0 && c < 3) sum[2] = _mm512_fmadd_ps(v, w[(r - 1) * 3 + c], sum[2]);
          if (r > 0 && c > 0) sum[3] = _mm512_fmadd_ps(v, w[(r - 1) * 3 + c - 1], sum[3]);
        }
      }
      const __mmask16 right_above = _mm512_cmp_ps_mask(sum[1], sum[0], _CMP_GT_OQ);
      const __mmask16 right_below = _mm512_cmp_ps_mask(sum[3], sum[2], _CMP_GT_OQ);
      const __m512 above = _mm512_max_ps(sum[0], sum[1]);
      const __m512 below = _mm512_max_ps(sum[2], sum[3]);
      const __mmask16 is_below = _mm512_cmp_ps_mask(below, above, _CMP_GT_OQ);
      const __m512i index_above = _mm512_maskz_set1_epi32(right_above, 1);
      const __m512i index_below = _mm512_mask_set1_epi32(_mm512_set1_epi32(2), right_below, 3);
      const __m512i index = _mm512_mask_blend_epi32(is_below, index_above, index_below);
      const __m512 largest = _mm512_add_ps(_mm512_max_ps(above, below), b);
      store<kBf16>(out, at, _mm512_max_ps(largest, _mm512_setzero_ps()));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(winner + at), _mm512_cvtepi32_epi8(index));
    }
  }
}

/// Backward of sixteen output channels of one picture: each pooled position adds, for each channel,
/// its gradient times the 3x3 pixels that its winner saw, picked out of the 4x4 patch by a permute.
template <bool kBf16>
THIMBLE_AVX512 void first_backward_block(const PooledConvolution& s, const float* plane,
                                         const void* y, const void* gradient,
                                         const std::uint8_t* winner, std::size_t at,
                                         float* weights_gradient, float* bias_gradient) {
  const Sizes sizes(s);
  __m512 sum[kTaps];
  THIMBLE_UNROLL
  for (int t = 0; t < kTaps; ++t) sum[t] = _mm512_loadu_ps(weights_gradient + t * s.out_channels);
  __m512 bias_sum = _mm512_loadu_ps(bias_gradient);
  for (int py = 0; py < s.pooled_height(); ++py) {
    for (int px = 0; px < s.pooled_width(); ++px, at += kLanes) {
      const float* corner = plane + 2 * py * sizes.padded_width + 2 * px;
      __m512 patch = _mm512_castps128_ps512(_mm_loadu_ps(corner));
      patch = _mm512_insertf32x4(patch, _mm_loadu_ps(corner + sizes.padded_width), 1);
      patch = _mm512_insertf32x4(patch, _mm_loadu_ps(corner + 2 * sizes.padded_width), 2);
      patch = _mm512_insertf32x4(patch, _mm_loadu_ps(corner + 3 * sizes.padded_width), 3);
      const __mmask16 passes =
          _mm512_cmp_ps_mask(load<kBf16>(y, at), _mm512_setzero_ps(), _CMP_GT_OQ);
      const __m512 g = _mm512_maskz_mov_ps(passes, load<kBf16>(gradient, at));
      // 2 * row + column of the winner becomes its place in the patch, 4 * row + column.
      const __m512i place =
          _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(winner + at)));
      const __m512i base = _mm512_add_epi32(place, _mm512_and_si512(place, _mm512_set1_epi32(2)));
      bias_sum = _mm512_add_ps(bias_sum, g);
      THIMBLE_UNROLL
      for (int t = 0; t < kTaps; ++t) {
        const __m512i from = _mm512_add_epi32(base, _mm512_set1_epi32((t / 3) * kPatch + t % 3));
        sum[t] = _mm512_fmadd_ps(g, _mm512_permutexvar_ps(from, patch), sum[t]);
      }
    }
  }
  THIMBLE_UNROLL
  for (int t = 0; t < kTaps; ++t) _mm512_storeu_ps(weights_gradient + t * s.out_channels, sum[t]);
  _mm512_storeu_ps(bias_gradient, bias_sum);
}

/// The entries of a picture's pooled gradient that ReLU lets through and that are not 0.
template <bool kBf16>
THIMBLE_AVX512 void collect_entries(const PooledConvolution& s, const void* y, const void* gradient,
                                    const std::uint8_t* winner, std::size_t picture,
                                    int channels_a_position, Scratch& scratch) {
  const Sizes sizes(s);
  alignas(64) float values[kLanes];
  std::fill(scratch.counts.begin(), scratch.counts.end(), 0);
  for (int block = 0; block < sizes.out_blocks; ++block) {
    std::size_t at = (picture * sizes.out_blocks + block) * sizes.pooled * kLanes;
    for (int py = 0; py < s.pooled_height(); ++py) {
      for (int px = 0; px < s.pooled_width(); ++px, at += kLanes) {
        const __m512 g = load<kBf16>(gradient, at);
        const __mmask16 passes =
            _mm512_cmp_ps_mask(load<kBf16>(y, at), _mm512_setzero_ps(), _CMP_GT_OQ);
        unsigned left = _mm512_mask_cmp_ps_mask(passes, g, _mm512_setzero_ps(), _CMP_NEQ_UQ);
        if (left == 0) continue;
        _mm512_store_ps(values, g);
        const int corner = 2 * py * sizes.padded_width + 2 * px;
        for (; left != 0; left &= left - 1) {
          const int lane = __builtin_ctz(left);
          const int channel = block * kLanes + lane;
          const int won = winner[at + lane];
          const int position = corner + (won >> 1) * sizes.padded_width + (won & 1);
          scratch.entries[channel * sizes.pooled + scratch.counts[channel]++] = {
              values[lane], position * channels_a_position};
        }
      }
    }
  }
}

/// Copies 16 * kBlocks channels of a picture into [padded positions, channels], fp32.
template <bool kBf16, int kBlocks>
THIMBLE_AVX512 void gather_source(const PooledConvolution& s, const void* source,
                                  std::size_t first_block, Scratch& scratch) {
  const Sizes sizes(s);
  for (int block = 0; block < kBlocks; ++block) {
    std::size_t at = (first_block + block) * sizes.positions * kLanes;
    for (int y = 0; y < s.height; ++y) {
      const std::size_t row = static_cast<std::size_t>(y + s.pad) * sizes.padded_width + s.pad;
      float* to = scratch.source.data() + row * kBlocks * kLanes + block * kLanes;
      for (int x = 0; x < s.width; ++x, at += kLanes, to += kBlocks * kLanes) {
        _mm512_storeu_ps(to, load<kBf16>(source, at));
      }
    }
  }
}

template <bool kBf16, int kBlocks>
THIMBLE_AVX512 void scatter_source_gradient(const PooledConvolution& s, const Scratch& scratch,
                                            std::size_t first_block, void* source_gradient) {
  const Sizes sizes(s);
  for (int block = 0; block < kBlocks; ++block) {
    std::size_t at = (first_block + block) * sizes.positions * kLanes;
    for (int y = 0; y < s.height; ++y) {
      const std::size_t row = static_cast<std::size_t>(y + s.pad) * sizes.padded_width + s.pad;
      const float* from = scratch.source_gradient.data() + row * kBlocks * kLanes + block * kLanes;
      for (int x = 0; x < s.width; ++x, at += kLanes, from += kBlocks * kLanes) {
        store<kBf16>(source_gradient, at, _mm512_loadu_ps(from));
      }
    }
  }
}

/// dW[o, t, i] += sum over entries e of channel o: e.value * x[e.window + t, i]
template <int kBlocks>
THIMBLE_AVX512 void add_weights_gradient(const PooledConvolution& s, const Scratch& scratch,
                                         int channel, float* weights_gradient,
                                         float* bias_gradient) {
  const Sizes sizes(s);
  constexpr int kVectors = kTaps * kBlocks;
  const Scratch::Entry* entries = scratch.entries.data() + channel * sizes.pooled;
  float* to = weights_gradient + static_cast<std::size_t>(channel) * kTaps * s.in_channels;
  __m512 sum[kVectors];
  THIMBLE_UNROLL
  for (int v = 0; v < kVectors; ++v) {
    sum[v] = _mm512_loadu_ps(to + (v / kBlocks) * s.in_channels + (v % kBlocks) * kLanes);
  }
  const int row = sizes.padded_width * kBlocks * kLanes;
  float bias = 0;
  for (int e = 0; e < scratch.counts[channel]; ++e) {
    const __m512 value = _mm512_set1_ps(entries[e].value);
    bias += entries[e].value;
    const float* window = scratch.source.data() + entries[e].offset;
    THIMBLE_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const int tap = v / kBlocks;
      const float* x = window + (tap / 3) * row + ((tap % 3) * kBlocks + v % kBlocks) * kLanes;
      sum[v] = _mm512_fmadd_ps(value, _mm512_loadu_ps(x), sum[v]);
    }
  }
  THIMBLE_UNROLL
  for (int v = 0; v < kVectors; ++v) {
    _mm512_storeu_ps(to + (v / kBlocks) * s.in_channels + (v % kBlocks) * kLanes, sum[v]);
  }
  if (bias_gradient != nullptr) bias_gradient[channel] += bias;
}

/// dx[e.window + t, i] += e.value * W[o, t, i] for all entries e of channel o
template <int kBlocks>
THIMBLE_AVX512 void add_source_gradient(const PooledConvolution& s, Scratch& scratch, int channel,
                                        const float* weights) {
  const Sizes sizes(s);
  constexpr int kVectors = kTaps * kBlocks;
  const Scratch::Entry* entries = scratch.entries.data() + channel * sizes.pooled;
  const float* from = weights + static_cast<std::size_t>(channel) * kTaps * s.in_channels;
  __m512 w[kVectors];
  THIMBLE_UNROLL
  for (int v = 0; v < kVectors; ++v) {
    w[v] = _mm512_loadu_ps(from + (v / kBlocks) * s.in_channels + (v % kBlocks) * kLanes);
  }
  const int row = sizes.padded_width * kBlocks * kLanes;
  for (int e = 0; e < scratch.counts[channel]; ++e) {
    const __m512 value = _mm512_set1_ps(entries[e].value);
    float* window = scratch.source_gradient.data() + entries[e].offset;
    THIMBLE_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const int tap = v / kBlocks;
      float* dx = window + (tap / 3) * row + ((tap % 3) * kBlocks + v % kBlocks) * kLanes;
      _mm512_storeu_ps(dx, _mm512_fmadd_ps(value, w[v], _mm512_loadu_ps(dx)));
    }
  }
}

/// All of a picture's channels, 16 * kBlocks input channels at a time.
template <bool kBf16, int kBlocks>
THIMBLE_AVX512 void sparse_backward_picture(const PooledConvolution& s, const void* source,
                                            const float* weights, const void* y,
                                            const void* gradient, const std::uint8_t* winner,
                                            std::size_t picture, Scratch& scratch,
                                            void* source_gradient, float* weights_gradient,
                                            float* bias_gradient) {
  collect_entries<kBf16>(s, y, gradient, winner, picture, kBlocks * kLanes, scratch);
  const int in_blocks = s.in_channels / kLanes;
  for (int block = 0; block < in_blocks; block += kBlocks) {
    const std::size_t first_block = picture * in_blocks + block;
    gather_source<kBf16, kBlocks>(s, source, first_block, scratch);
    for (int o = 0; o < s.out_channels; ++o) {
      if (scratch.counts[o] == 0) continue;
      add_weights_gradient<kBlocks>(s, scratch, o, weights_gradient + block * kLanes,
                                    block == 0 ? bias_gradient : nullptr);
    }
    if (source_gradient == nullptr) continue;
    std::fill(scratch.source_gradient.begin(), scratch.source_gradient.end(), 0.0f);
    for (int o = 0; o < s.out_channels; ++o) {
      if (scratch.counts[o] == 0) continue;
      add_source_gradient<kBlocks>(s, scratch, o, weights + block * kLanes);
    }
    scatter_source_gradient<kBf16, kBlocks>(s, scratch, first_block, source_gradient);
  }
}

/// Channels are taken in pairs of blocks where they come in pairs: 18 of the 32 registers then hold
/// sums.
int blocks_at_once(const PooledConvolution& s) { return s.in_channels % (2 * kLanes) == 0 ? 2 : 1; }

}  // namespace

Scratch::Scratch(const PooledConvolution& s)
    : plane(Sizes(s).padded + kLanes),
      entries(static_cast<std::size_t>(s.out_channels) * Sizes(s).pooled),
      counts(static_cast<std::size_t>(s.out_channels)),
      source(Sizes(s).padded * kLanes * static_cast<std::size_t>(blocks_at_once(s))),
      source_gradient(source.size()) {}

void first_forward(const PooledConvolution& s, bool bf16, const void* source, const float* weights,
                   const float* bias, void* out, std::uint8_t* winner, Range pictures,
                   Scratch& scratch) {
  const Sizes sizes(s);
  for (std::size_t p = pictures.begin; p < pictures.end; ++p) {
    (bf16 ? pad_picture<true> : pad_picture<false>)(s, source, p, scratch.plane);
    for (int block = 0; block < sizes.out_blocks; ++block) {
      const std::size_t at = (p * sizes.out_blocks + block) * sizes.pooled * kLanes;
      (bf16 ? first_forward_block<true>
            : first_forward_block<false>)(s, scratch.plane.data(), weights + block * kLanes,
                                          bias + block * kLanes, out, winner, at);
    }
  }
}

void first_backward(const PooledConvolution& s, bool bf16, const void* source, const void* y,
                    const void* gradient, const std::uint8_t* winner, Range pictures,
                    Scratch& scratch, float* weights_gradient, float* bias_gradient) {
  const Sizes sizes(s);
  for (std::size_t p = pictures.begin; p < pictures.end; ++p) {
    (bf16 ? pad_picture<true> : pad_picture<false>)(s, source, p, scratch.plane);
    for (int block = 0; block < sizes.out_blocks; ++block) {
      const std::size_t at = (p * sizes.out_blocks + block) * sizes.pooled * kLanes;
      (bf16 ? first_backward_block<true>
            : first_backward_block<false>)(s, scratch.plane.data(), y, gradient, winner, at,
                                           weights_gradient + block * kLanes,
                                           bias_gradient + block * kLanes);
    }
  }
}

void sparse_backward(const PooledConvolution& s, bool bf16, const void* source,
                     const float* weights, const void* y, const void* gradient,
                     const std::uint8_t* winner, Range pictures, Scratch& scratch,
                     void* source_gradient, float* weights_gradient, float* bias_gradient) {
  const bool pairs = blocks_at_once(s) == 2;
  const auto picture =
      bf16 ? (pairs ? sparse_backward_picture<true, 2> : sparse_backward_picture<true, 1>)
           : (pairs ? sparse_backward_picture<false, 2> : sparse_backward_picture<false, 1>);
  for (std::size_t p = pictures.begin; p < pictures.end; ++p) {
    picture(s, source, weights, y, gradient, winner, p, scratch, source_gradient, weights_gradient,
            bias_gradient);
  }
}

}  // namespace thimble::nn::avx512

#else  // no AVX-512, and nothing below is ever called

namespace thimble::nn::avx512 {

Scratch::Scratch(const PooledConvolution&) {}

void first_forward(const PooledConvolution&, bool, const void*, const float*, const float*, void*,
                   std::uint8_t*, Range, Scratch&) {
  throw Error("pooled convolution: not for this processor");
}

void first_backward(const PooledConvolution&, bool, const void*, const void*, const void*,
                    const std::uint8_t*, Range, Scratch&, float*, float*) {
  throw Error("pooled convolution: not for this processor");
}

void sparse_backward(const PooledConvolution&, bool, const void*, const float*, const void*,
                     const void*, const std::uint8_t*, Range, Scratch&, void*, float*, float*) {
  throw Error("pooled convolution: not for this processor");
}

}  // namespace thimble::nn::avx512

#endif
