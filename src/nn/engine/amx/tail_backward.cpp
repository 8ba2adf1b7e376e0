// The passes backward of tail.hpp.

#include <algorithm>
#include <optional>

#include "base/parallel.hpp"
#include "nn/engine/amx/tail.hpp"
#include "nn/engine/amx/target.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>
#include <span>

namespace thimble::nn::amx {

THIMBLE_AMX_BEGIN

namespace {
#include "nn/engine/amx/pooled_positions.hpp"
#include "nn/engine/amx/tiles.hpp"

inline __m512i load_winner(const std::uint8_t* p) {
  return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}

/// Sums of a few hundred numbers at a time in fp32, of those in double.
class RowSums {
 public:
  RowSums(double* totals, int channels)
      : totals_(totals), numbers_(2 * static_cast<std::size_t>(channels)) {}
  void add(std::size_t channel, __m512 first, __m512 second) {
    float* f = numbers_.data() + channel;
    float* s = f + numbers_.size() / 2;
    _mm512_storeu_ps(f, _mm512_add_ps(_mm512_loadu_ps(f), first));
    _mm512_storeu_ps(s, _mm512_add_ps(_mm512_loadu_ps(s), second));
  }
  void flush() {
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      totals_[i] += static_cast<double>(numbers_[i]);
      numbers_[i] = 0;
    }
  }

 private:
  double* totals_;
  std::vector<float> numbers_;
};

struct SumLoops {
  const Maps& maps;
  const Tail& tail;
  const NormStatistics& statistics;
  const TailGradient& from;

  /// The gradient behind batch norm, where its source is `value`.
  __m512 behind(__m512 gradient, __m512 value, __m512 scale, __m512 shift) const {
    if (!tail.relu) return gradient;
    const __m512 out = _mm512_fmadd_ps(value, scale, shift);
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(out, _mm512_setzero_ps(), _CMP_GT_OQ), gradient);
  }

  void position(std::size_t first, int pictures, RowSums& sums) const {
    const auto channels = static_cast<std::size_t>(maps.channels);
    const std::size_t size = static_cast<std::size_t>(pictures) * channels;
    for (std::size_t c = 0; c < channels; c += kTileRows) {
      const __m512 scale = _mm512_loadu_ps(statistics.scale.data() + c);
      const __m512 shift = _mm512_loadu_ps(statistics.shift.data() + c);
      const __m512 mean = _mm512_loadu_ps(statistics.mean.data() + c);
      __m512 sum = _mm512_setzero_ps();
      __m512 product = _mm512_setzero_ps();
      for (std::size_t i = first + c; i < first + size; i += channels) {
        const __m512 value = load_bf16(from.source + i);
        const __m512 g = behind(load_bf16(from.gradient + i), value, scale, shift);
        sum = _mm512_add_ps(sum, g);
        product = _mm512_fmadd_ps(g, _mm512_sub_ps(value, mean), product);
      }
      sums.add(c, sum, product);
    }
  }

  /// Where only the largest of four positions has a gradient.
  void pooled_position(const FourPositions& four, std::size_t small, int pictures,
                       RowSums& sums) const {
    const auto channels = static_cast<std::size_t>(maps.channels);
    const std::size_t size = static_cast<std::size_t>(pictures) * channels;
    for (std::size_t c = 0; c < channels; c += kTileRows) {
      const __m512 scale = _mm512_loadu_ps(statistics.scale.data() + c);
      const __m512 shift = _mm512_loadu_ps(statistics.shift.data() + c);
      const __m512 mean = _mm512_loadu_ps(statistics.mean.data() + c);
      __m512 sum = _mm512_setzero_ps();
      __m512 product = _mm512_setzero_ps();
      for (std::size_t i = c; i < size; i += channels) {
        const __m512i which = load_winner(from.winner + small + i);
        __m512 value = load_bf16(from.source + four.at[0] + i);
        for (int k = 1; k < 4; ++k) {
          value = _mm512_mask_mov_ps(value, _mm512_cmpeq_epi32_mask(which, _mm512_set1_epi32(k)),
                                     load_bf16(from.source + four.at[k] + i));
        }
        const __m512 g = behind(load_bf16(from.gradient + small + i), value, scale, shift);
        sum = _mm512_add_ps(sum, g);
        product = _mm512_fmadd_ps(g, _mm512_sub_ps(value, mean), product);
      }
      sums.add(c, sum, product);
    }
  }

  void run(std::size_t begin, std::size_t end, double* totals) const {
    RowSums sums(totals, maps.channels);
    const Maps small = tail.pool_last ? halved(maps) : maps;
    const auto height = static_cast<std::size_t>(small.height);
    const auto width = static_cast<std::size_t>(small.width);
    for (std::size_t unit = begin; unit < end; ++unit) {
      const std::size_t block = unit / height;
      const std::size_t y = unit % height;
      for (std::size_t x = 0; x < width; ++x) {
        const std::size_t at = block * small.block_size() + (y * width + x) * small.position_size();
        if (tail.pool_last) {
          pooled_position(FourPositions(maps, block, y, x), at, maps.pictures(block), sums);
        } else {
          position(at, maps.pictures(block), sums);
        }
      }
      sums.flush();
    }
  }
};

/// Numbers of 16 channels: the gradient of batch norm's source is
/// scale * g + source * slope + offset.
struct NormFactors {
  __m512 scale, shift, slope, offset;
};

struct BackwardLoops {
  const Maps& maps;
  const Tail& tail;
  const TailGradient& from;
  const NormStatistics* statistics;
  const std::vector<float>& slope;
  const std::vector<float>& offset;
  Bf16* out;
  std::size_t first_out;  // which of the maps' values lies at `out`

  Bf16* to(std::size_t i) const { return out + (i - first_out); }

  NormFactors factors(std::size_t c) const {
    return {_mm512_loadu_ps(statistics->scale.data() + c),
            _mm512_loadu_ps(statistics->shift.data() + c), _mm512_loadu_ps(slope.data() + c),
            _mm512_loadu_ps(offset.data() + c)};
  }

  __m512 norm_backward(const NormFactors& f, __m512 gradient, __m512 value) const {
    if (tail.relu) {
      const __m512 behind = _mm512_fmadd_ps(value, f.scale, f.shift);
      gradient = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(behind, _mm512_setzero_ps(), _CMP_GT_OQ),
                                     gradient);
    }
    return _mm512_fmadd_ps(gradient, f.scale, _mm512_fmadd_ps(value, f.slope, f.offset));
  }

  /// The gradient behind the product and its first pooling, at one value.
  __m512 small_gradient(const NormFactors& f, std::size_t i) const {
    const __m512 gradient = load_bf16(from.gradient + i);
    if (tail.norm) return norm_backward(f, gradient, load_bf16(from.source + i));
    if (!tail.relu) return gradient;
    const __mmask16 positive =
        _mm512_cmp_ps_mask(load_bf16(from.out + i), _mm512_setzero_ps(), _CMP_GT_OQ);
    return _mm512_maskz_mov_ps(positive, gradient);
  }

  void position(std::size_t first, int pictures, RowSums* bias) const {
    const auto channels = static_cast<std::size_t>(maps.channels);
    const std::size_t size = static_cast<std::size_t>(pictures) * channels;
    for (std::size_t c = 0; c < channels; c += kTileRows) {
      const NormFactors f = tail.norm ? factors(c) : NormFactors{};
      __m512 sum = _mm512_setzero_ps();
      for (std::size_t i = first + c; i < first + size; i += channels) {
        const __m512 g = small_gradient(f, i);
        sum = _mm512_add_ps(sum, g);
        store_bf16(to(i), g);
      }
      if (bias) bias->add(c, sum, _mm512_setzero_ps());
    }
    clear(first + size, first + maps.position_size());
  }

  /// Gives the largest of four what the pooled position has: pooling before batch norm, or none.
  void spread(const FourPositions& four, std::size_t small, int pictures, RowSums* bias) const {
    const auto channels = static_cast<std::size_t>(maps.channels);
    const std::size_t size = static_cast<std::size_t>(pictures) * channels;
    for (std::size_t c = 0; c < channels; c += kTileRows) {
      const NormFactors f = tail.norm ? factors(c) : NormFactors{};
      __m512 sum = _mm512_setzero_ps();
      for (std::size_t i = c; i < size; i += channels) {
        const __m512 g = small_gradient(f, small + i);
        sum = _mm512_add_ps(sum, g);
        const __m512i which = load_winner(from.winner + small + i);
        for (int k = 0; k < 4; ++k) {
          store_bf16(to(four.at[k] + i),
                     _mm512_maskz_mov_ps(_mm512_cmpeq_epi32_mask(which, _mm512_set1_epi32(k)), g));
        }
      }
      if (bias) bias->add(c, sum, _mm512_setzero_ps());
    }
    for (const std::size_t at : four.at) clear(at + size, at + maps.position_size());
  }

  /// Pooling behind batch norm: all four have a gradient, the largest more.
  void norm_of_four(const FourPositions& four, std::size_t small, int pictures) const {
    const auto channels = static_cast<std::size_t>(maps.channels);
    const std::size_t size = static_cast<std::size_t>(pictures) * channels;
    for (std::size_t c = 0; c < channels; c += kTileRows) {
      const NormFactors f = factors(c);
      for (std::size_t i = c; i < size; i += channels) {
        const __m512 gradient = load_bf16(from.gradient + small + i);
        const __m512i which = load_winner(from.winner + small + i);
        for (int k = 0; k < 4; ++k) {
          const __m512 g =
              _mm512_maskz_mov_ps(_mm512_cmpeq_epi32_mask(which, _mm512_set1_epi32(k)), gradient);
          store_bf16(to(four.at[k] + i),
                     norm_backward(f, g, load_bf16(from.source + four.at[k] + i)));
        }
      }
    }
    for (const std::size_t at : four.at) clear(at + size, at + maps.position_size());
  }

  /// What no window of a pooling sees: the last row or column of maps of odd size.
  void unseen(std::size_t first, int pictures) const {
    const std::size_t channels = static_cast<std::size_t>(maps.channels);
    const std::size_t size = static_cast<std::size_t>(pictures) * channels;
    if (!tail.norm || tail.pool_first) return clear(first, first + maps.position_size());
    for (std::size_t c = 0; c < channels; c += kTileRows) {
      const NormFactors f = factors(c);
      for (std::size_t i = first + c; i < first + size; i += channels) {
        store_bf16(to(i), norm_backward(f, _mm512_setzero_ps(), load_bf16(from.source + i)));
      }
    }
    clear(first + size, first + maps.position_size());
  }

  void clear(std::size_t begin, std::size_t end) const {
    if (begin < end) std::memset(to(begin), 0, (end - begin) * sizeof(Bf16));
  }

  void row(std::size_t block, std::size_t y, RowSums* bias) const {
    const auto width = static_cast<std::size_t>(maps.width);
    const int pictures = maps.pictures(block);
    if (!tail.pool_first && !tail.pool_last) {
      for (std::size_t x = 0; x < width; ++x) {
        position(position_at(block, y, x), pictures, bias);
      }
      return;
    }
    const Maps small = halved(maps);
    const auto small_width = static_cast<std::size_t>(small.width);
    for (std::size_t x = 0; x < small_width; ++x) {
      const FourPositions four(maps, block, y, x);
      const std::size_t at =
          block * small.block_size() + (y * small_width + x) * small.position_size();
      if (tail.pool_first || !tail.norm) {
        spread(four, at, pictures, bias);
      } else {
        norm_of_four(four, at, pictures);
      }
    }
    for (std::size_t x = 2 * small_width; x < width; ++x) {
      unseen(position_at(block, 2 * y, x), pictures);
      unseen(position_at(block, 2 * y + 1, x), pictures);
    }
  }

  /// The last row of an odd number.
  void unseen_row(std::size_t block) const {
    for (std::size_t x = 0; x < static_cast<std::size_t>(maps.width); ++x) {
      unseen(position_at(block, static_cast<std::size_t>(maps.height) - 1, x),
             maps.pictures(block));
    }
  }

  std::size_t position_at(std::size_t block, std::size_t y, std::size_t x) const {
    return block * maps.block_size() +
           (y * static_cast<std::size_t>(maps.width) + x) * maps.position_size();
  }
};

}  // namespace

void tail_sums(const Maps& maps, const Tail& tail, const NormStatistics& statistics,
               const TailGradient& from, ChannelSums& sums) {
  const SumLoops loops{maps, tail, statistics, from};
  sums.begin(thread_count(), maps.channels);
  const auto height = static_cast<std::size_t>(tail.pool_last ? maps.height / 2 : maps.height);
  parallel_for_indexed(maps.blocks() * height, 1,
                       [&](int range, std::size_t begin, std::size_t end) {
                         loops.run(begin, end, sums.of_thread(range));
                       });
}

TailBackward::TailBackward(const Maps& maps, const Tail& tail, const NormStatistics* statistics,
                           ChannelSums* sums, double count, const TailGradient& from,
                           ChannelSums* bias)
    : maps_(maps), tail_(tail), statistics_(statistics), from_(from), bias_(bias) {
  if (bias) bias->begin(thread_count(), maps.channels);
  if (!tail.norm) return;
  const double* total = sums->total();
  const auto channels = static_cast<std::size_t>(maps.channels);
  slope_.resize(channels);
  offset_.resize(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    const double inverse = static_cast<double>(statistics->inverse_deviation[c]);
    const double scale = static_cast<double>(statistics->scale[c]);
    const double slope = -scale * inverse * inverse * total[channels + c] / count;
    slope_[c] = static_cast<float>(slope);
    offset_[c] = static_cast<float>(-scale * total[c] / count -
                                    slope * static_cast<double>(statistics->mean[c]));
  }
}

void TailBackward::rows(int thread, std::size_t block, int begin, int end, Bf16* out) const {
  const std::size_t first = block * maps_.block_size() +
                            static_cast<std::size_t>(begin * maps_.width) * maps_.position_size();
  const BackwardLoops loops{maps_, tail_, from_, statistics_, slope_, offset_, out, first};
  std::optional<RowSums> sums;
  if (bias_) sums.emplace(bias_->of_thread(thread), maps_.channels);
  const int step = rows_at_a_time();
  for (int y = begin; y < end; y += step) {
    if (y + step > maps_.height) return loops.unseen_row(block);
    loops.row(block, static_cast<std::size_t>(y / step), sums ? &*sums : nullptr);
    if (sums) sums->flush();
  }
}

void tail_backward(const Maps& maps, const Tail& tail, const NormStatistics* statistics,
                   ChannelSums* sums, double count, const TailGradient& from, ChannelSums* bias,
                   Bf16* out) {
  const TailBackward backward(maps, tail, statistics, sums, count, from, bias);
  const int step = backward.rows_at_a_time();
  const auto units = static_cast<std::size_t>(maps.height / step);
  const std::size_t row = static_cast<std::size_t>(maps.width) * maps.position_size();
  parallel_for_indexed(
      maps.blocks() * units, 1, [&](int range, std::size_t first, std::size_t last) {
        for (std::size_t unit = first; unit < last; ++unit) {
          const std::size_t block = unit / units;
          const int begin = static_cast<int>(unit % units) * step;
          const bool at_end = unit % units + 1 == units;
          backward.rows(range, block, begin, at_end ? maps.height : begin + step,
                        out + block * maps.block_size() + static_cast<std::size_t>(begin) * row);
        }
      });
}

THIMBLE_AMX_END

}  // namespace thimble::nn::amx

#endif
