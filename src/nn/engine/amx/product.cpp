#include "nn/engine/amx/product.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "nn/engine/amx/target.hpp"

namespace thimble::nn::amx {

void ChannelSums::begin(int threads, int channels) {
  channels_ = channels;
  sums_.assign(static_cast<std::size_t>(threads) * 2 * static_cast<std::size_t>(channels), 0.0);
}

const double* ChannelSums::total() {
  const std::size_t n = 2 * static_cast<std::size_t>(channels_);
  for (std::size_t first = n; first < sums_.size(); first += n) {
    for (std::size_t i = 0; i < n; ++i) sums_[i] += sums_[first + i];
  }
  sums_.resize(n);
  return sums_.data();
}

Product Product::forward(const Maps& source, const Maps& target, const SlidingWindow& window,
                         bool pooled) {
  Product product;
  product.taps_ = TapTable::forward(source, target, window);
  product.target_ = product.out_ = target;
  product.pooled_ = pooled;
  if (pooled) {
    product.out_.height /= 2;
    product.out_.width /= 2;
  }
  product.row_stride_ = source.channels * static_cast<std::ptrdiff_t>(sizeof(Bf16));
  product.source_block_ = source.block_size();
  product.depth_ = std::min(source.channels, kDepth);
  product.pieces_ = source.channels / product.depth_;
  return product;
}

Product Product::backward(const Maps& source, const Maps& target, const SlidingWindow& window) {
  Product product = forward(target, source, {{1, 1}, {1, 1}, {0, 0}}, false);
  product.taps_ = TapTable::backward(source, target, window);
  return product;
}

Product Product::pictures(const Shape& source, const Maps& target, const SlidingWindow& window,
                          bool pooled) {
  const PictureWeights weights{source.channels, window.kernel, target.channels};
  const auto row =
      static_cast<std::size_t>((source.width + 2 * window.pad.width) * source.channels);
  const std::size_t picture = row * static_cast<std::size_t>(source.height + 2 * window.pad.height);
  Product product = forward({target.batch, kDepth, 1, 1}, target, {{1, 1}, {1, 1}, {0, 0}}, pooled);
  product.taps_ = TapTable::pictures(
      target, window, row, source.channels,
      static_cast<std::size_t>(weights.depth()) * static_cast<std::size_t>(target.channels));
  product.row_stride_ = static_cast<std::ptrdiff_t>(picture * sizeof(Bf16));
  product.source_block_ = picture * kBlock;
  product.depth_ = weights.depth();
  product.pieces_ = 1;
  return product;
}

}  // namespace thimble::nn::amx

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>
#include <span>

namespace thimble::nn::amx {

THIMBLE_AMX_BEGIN

namespace {
#include "nn/engine/amx/tiles.hpp"

constexpr std::size_t kTile = 256;  // sums of a tile

}  // namespace

/// One thread's share of Product::run().
struct ProductLoops {
  const Product& product;
  const Bf16* source;
  const Bf16* weights;
  const ProductOutput& output;
  double* totals;               // of the statistics, or null
  std::vector<float> row_sums;  // of the statistics of a row of the output
  alignas(64) float sums[4][4 * kTile];

  ProductLoops(const Product& p, const Bf16* s, const Bf16* w, const ProductOutput& o, double* t)
      : product(p), source(s), weights(w), output(o), totals(t) {
    if (totals) row_sums.resize(2 * static_cast<std::size_t>(p.out_.channels));
  }

  Rows rows() const {
    return {product.row_stride_,
            kTileRows * static_cast<std::size_t>(product.row_stride_) / sizeof(Bf16)};
  }
  Columns columns() const {
    const auto tile = static_cast<std::size_t>(product.depth_) * kTileRows;
    return {product.pieces_, tile * static_cast<std::size_t>(product.target_.channels) / kTileRows,
            tile};
  }

  void run(std::size_t begin, std::size_t end) {
    const TileScope scope(product_shapes(kTileRows, product.depth_));
    const auto height = static_cast<std::size_t>(product.out_.height);
    for (std::size_t unit = begin; unit < end; ++unit) row(unit / height, unit % height);
  }

  void row(std::size_t block, std::size_t y) {
    std::ranges::fill(row_sums, 0.0f);
    const auto width = static_cast<std::size_t>(product.out_.width);
    if (product.pooled_) {
      for (std::size_t x = 0; x < width; ++x) pooled_position(block, y, x);
    } else {
      const std::size_t first = y * width;
      for (std::size_t x = 0; x < width;) {
        const bool two = product.out_.channels == kTileRows && x + 1 < width &&
                         product.taps_.is_shifted(first + x, first + x + 1);
        x += two ? two_positions(block, first + x) : position(block, first + x);
      }
    }
    for (std::size_t i = 0; i < row_sums.size(); ++i) totals[i] += static_cast<double>(row_sums[i]);
  }

  const Bf16* source_of(std::size_t block) const { return source + block * product.source_block_; }

  /// Values from what a position takes to what its neighbour does, where both use the same weights.
  std::size_t apart(std::size_t at) const {
    return product.taps_.at(at + 1).front().source - product.taps_.at(at).front().source;
  }

  std::size_t position(std::size_t block, std::size_t at) {
    const int groups = product.target_.channels / kTileRows;
    if (groups == 1) {
      multiply<1>(source_of(block), rows(), product.taps_.at(at), weights, columns(), sums[0]);
      finish<1, false>(block, at, 0);
      return 1;
    }
    for (int group = 0; group < groups; group += 2) {
      multiply<2>(source_of(block), rows(), product.taps_.at(at),
                  weights + static_cast<std::size_t>(group) * columns().tile, columns(), sums[0]);
      finish<2, false>(block, at, group);
    }
    return 1;
  }

  std::size_t two_positions(std::size_t block, std::size_t at) {
    multiply_two(source_of(block), apart(at), rows(), product.taps_.at(at), weights, columns(),
                 sums[0], sums[1]);
    finish<1, false>(block, at, 0);
    std::memcpy(sums[0], sums[1], 2 * kTile * sizeof(float));
    finish<1, false>(block, at + 1, 0);
    return 2;
  }

  void pooled_position(std::size_t block, std::size_t y, std::size_t x) {
    const auto width = static_cast<std::size_t>(product.target_.width);
    const std::size_t first = 2 * y * width + 2 * x;
    const std::size_t window[4] = {first, first + 1, first + width, first + width + 1};
    const std::size_t at = y * static_cast<std::size_t>(product.out_.width) + x;
    const int groups = product.target_.channels / kTileRows;
    if (groups == 1) {
      for (int i = 0; i < 4; i += 2) {
        if (product.taps_.is_shifted(window[i], window[i + 1])) {
          multiply_two(source_of(block), apart(window[i]), rows(), product.taps_.at(window[i]),
                       weights, columns(), sums[i], sums[i + 1]);
          continue;
        }
        for (int k = i; k < i + 2; ++k) {
          multiply<1>(source_of(block), rows(), product.taps_.at(window[k]), weights, columns(),
                      sums[k]);
        }
      }
      finish<1, true>(block, at, 0);
      return;
    }
    for (int group = 0; group < groups; group += 2) {
      for (int k = 0; k < 4; ++k) {
        multiply<2>(source_of(block), rows(), product.taps_.at(window[k]),
                    weights + static_cast<std::size_t>(group) * columns().tile, columns(), sums[k]);
      }
      finish<2, true>(block, at, group);
    }
  }

  /// Turns the sums of a position, or of the four of a pooled one, into what is put out.
  template <int kColumns, bool kPooled>
  void finish(std::size_t block, std::size_t at, int group) {
    const auto channels = static_cast<std::size_t>(product.out_.channels);
    const std::size_t first = block * product.out_.block_size() +
                              at * product.out_.position_size() +
                              static_cast<std::size_t>(group) * kTileRows;
    const int pictures = product.out_.pictures(block);
    for (int column = 0; column < kColumns; ++column) {
      const std::size_t channel = static_cast<std::size_t>(group + column) * kTileRows;
      const __m512 bias =
          output.bias ? _mm512_loadu_ps(output.bias + channel) : _mm512_setzero_ps();
      const __m512 scale =
          output.scale ? _mm512_loadu_ps(output.scale + channel) : _mm512_setzero_ps();
      __m512 sum = _mm512_setzero_ps();
      __m512 squares = _mm512_setzero_ps();
      const float* from = sums[0] + static_cast<std::size_t>(column) * 2 * kTile;
      std::size_t to = first + static_cast<std::size_t>(column) * kTileRows;
      for (int r = 0; r < kBlock; ++r, from += kTileRows, to += channels) {
        __m512 value = _mm512_load_ps(from);
        if constexpr (kPooled) {
          value = output.scale_before_pool ? pool_scaled(from, scale, bias) : pool(from, value, to);
        }
        if (!output.scale) {
          value = _mm512_add_ps(value, bias);
        } else if (!kPooled || !output.scale_before_pool) {
          value = _mm512_fmadd_ps(value, scale, bias);
        }
        if (output.relu) value = _mm512_max_ps(value, _mm512_setzero_ps());
        if (output.addend) value = _mm512_add_ps(value, load_bf16(output.addend + to));
        if (output.relu_at_end) value = _mm512_max_ps(value, _mm512_setzero_ps());
        if (r < pictures) {
          sum = _mm512_add_ps(sum, value);
          squares = _mm512_fmadd_ps(value, value, squares);
        }
        if (output.out) store_bf16(output.out + to, value);
        if (output.floats && r < pictures)
          store_floats(block * kBlock + static_cast<std::size_t>(r), channel, value);
      }
      if (totals) {
        float* s = row_sums.data() + channel;
        float* q = s + channels;
        _mm512_storeu_ps(s, _mm512_add_ps(_mm512_loadu_ps(s), sum));
        _mm512_storeu_ps(q, _mm512_add_ps(_mm512_loadu_ps(q), squares));
      }
    }
  }

  void store_floats(std::size_t picture, std::size_t channel, __m512 value) const {
    const auto channels = static_cast<std::size_t>(output.float_channels);
    if (channel >= channels) return;
    const std::size_t left = std::min<std::size_t>(channels - channel, kTileRows);
    _mm512_mask_storeu_ps(output.floats + picture * channels + channel,
                          static_cast<__mmask16>((1u << left) - 1), value);
  }

  /// The largest of four once they are scaled.
  static __m512 pool_scaled(const float* from, __m512 scale, __m512 shift) {
    __m512 best = _mm512_fmadd_ps(_mm512_load_ps(from), scale, shift);
    for (std::size_t k = 1; k < 4; ++k) {
      best =
          _mm512_max_ps(best, _mm512_fmadd_ps(_mm512_load_ps(from + k * 4 * kTile), scale, shift));
    }
    return best;
  }

  /// The largest of four, the first among equals, and which it is.
  __m512 pool(const float* from, __m512 best, std::size_t to) {
    __m512i winner = _mm512_setzero_si512();
    for (int k = 1; k < 4; ++k) {
      const __m512 value = _mm512_load_ps(from + static_cast<std::size_t>(k) * 4 * kTile);
      const __mmask16 larger = _mm512_cmp_ps_mask(value, best, _CMP_GT_OQ);
      best = _mm512_mask_mov_ps(best, larger, value);
      winner = _mm512_mask_mov_epi32(winner, larger, _mm512_set1_epi32(k));
    }
    if (output.winner) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(output.winner + to),
                       _mm512_cvtepi32_epi8(winner));
    }
    return best;
  }
};

THIMBLE_AMX_END

void Product::run(const Bf16* source, const Bf16* weights, const ProductOutput& output) const {
  if (output.statistics) output.statistics->begin(thread_count(), out_.channels);
  const std::size_t units = out_.blocks() * static_cast<std::size_t>(out_.height);
  parallel_for_indexed(units, 1, [&](int range, std::size_t begin, std::size_t end) {
    ProductLoops(*this, source, weights, output,
                 output.statistics ? output.statistics->of_thread(range) : nullptr)
        .run(begin, end);
  });
}

}  // namespace thimble::nn::amx

#endif
