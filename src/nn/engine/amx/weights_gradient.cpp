#include "nn/engine/amx/weights_gradient.hpp"

#include <algorithm>
#include <utility>

#include "base/parallel.hpp"
#include "nn/engine/amx/target.hpp"

namespace thimble::nn::amx {
namespace {

// Maps of so few positions have too few steps to load and store sums for each block.
constexpr std::size_t kSmallMap = 16;

constexpr std::size_t kTileSums = 256;
constexpr std::size_t kTileValues = 512;

}  // namespace

bool WeightsGradient::by_tiles() const { return target_.positions() <= kSmallMap; }

void WeightsGradient::run(const Bf16* source, const Bf16* gradient, float* weights) {
  run(
      source,
      [&](int, std::size_t block, int begin, int, Buffer&) {
        return gradient + block * target_.block_size() +
               static_cast<std::size_t>(begin * target_.width) * target_.position_size();
      },
      weights);
}

void WeightsGradient::run(const Bf16* source, const GradientRows& gradient, float* weights) {
  if (by_tiles()) {
    run_by_tiles(source, gradient, weights);
  } else {
    run_by_rows(source, gradient, weights);
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
#include "nn/engine/amx/tiles.hpp"
#include "nn/engine/amx/transpose.hpp"
}  // namespace

/// Loops over what one thread does.
struct GradientLoops {
  const WeightsGradient& g;

  std::size_t in_tiles() const { return static_cast<std::size_t>(g.shape_.in) / kTileRows; }
  std::size_t out_tiles() const { return static_cast<std::size_t>(g.shape_.out) / kTileRows; }

  /// The taps of each position of rows of the target, from a block of pictures.
  void lay_out_pictures(const Bf16* block, WeightsGradient::Rows rows,
                        WeightsGradient::Buffer& memory, Bf16* to) const {
    const Extent kernel = g.window_.kernel;
    const Extent stride = g.window_.stride;
    const auto channels = static_cast<std::size_t>(g.picture_channels_);
    const int first_y = rows.begin * stride.height;
    const int last_y = (rows.end - 1) * stride.height + kernel.height;
    // Whole tiles of 16 numbers of a row, the last with numbers of the next.
    const std::size_t width = (g.picture_row_ + kTileRows - 1) / kTileRows * kTileRows;
    Bf16* turned = memory.of<Bf16>(static_cast<std::size_t>(last_y - first_y) * width * kBlock);
    for (int y = first_y; y < last_y; ++y) {
      for (std::size_t x = 0; x < width; x += kTileRows) {
        lay_out_transposed(block + static_cast<std::size_t>(y) * g.picture_row_ + x, g.picture_,
                           turned + (static_cast<std::size_t>(y - first_y) * width + x) * kBlock);
      }
    }
    const std::size_t position = static_cast<std::size_t>(g.shape_.in) * kBlock;
    for (int row = rows.begin; row < rows.end; ++row) {
      for (int column = 0; column < g.target_.width; ++column, to += position) {
        Bf16* tap = to;
        for (std::size_t c = 0; c < channels; ++c) {
          for (int ky = 0; ky < kernel.height; ++ky) {
            const int y = row * stride.height + ky - first_y;
            for (int kx = 0; kx < kernel.width; ++kx, tap += kBlock) {
              const auto x = static_cast<std::size_t>(column * stride.width + kx) * channels + c;
              std::memcpy(tap, turned + (static_cast<std::size_t>(y) * width + x) * kBlock,
                          kBlock * sizeof(Bf16));
            }
          }
        }
        std::memset(tap, 0, static_cast<std::size_t>(to + position - tap) * sizeof(Bf16));
      }
    }
  }

  /// Steps, and what is laid out for them.
  struct Part {
    const Bf16* source;
    const Bf16* gradient;
    std::uint32_t source_first;  // position of the source that is laid out first
    std::uint32_t target_first;  // and of the target
    std::span<const WeightsGradient::Step> steps;
  };

  /// Adds a part's steps to sums: two groups of 16 input channels, one tap.
  template <int kOut>
  void accumulate(const Part& part, std::size_t in, std::size_t out) const {
    const std::size_t source_position = in_tiles() * kTileValues;
    const std::size_t gradient_position = out_tiles() * kTileValues;
    const Bf16* source = part.source + in * kTileValues;
    const Bf16* gradient = part.gradient + out * kTileValues;
    for (const auto& step : part.steps) {
      const Bf16* a = source + (step.source[0] - part.source_first) * source_position;
      const Bf16* b = gradient + (step.target - part.target_first) * gradient_position;
      _tile_loadd(4, a, 64);
      _tile_loadd(6, b, 64);
      _tile_dpbf16ps(0, 4, 6);
      if constexpr (kOut == 2) {
        _tile_loadd(7, b + kTileValues, 64);
        _tile_dpbf16ps(1, 4, 7);
      }
      _tile_loadd(5, a + kTileValues, 64);
      _tile_dpbf16ps(2, 5, 6);
      if constexpr (kOut == 2) _tile_dpbf16ps(3, 5, 7);
    }
  }

  /// One group of 16 input channels, up to three taps: sums 0 to 2 of the first group of output
  /// channels, 3 to 5 of the second.
  template <int kOut, int kTaps>
  void accumulate_taps(const Part& part, std::size_t out, const Bf16* zeros) const {
    const std::size_t gradient_position = out_tiles() * kTileValues;
    const Bf16* gradient = part.gradient + out * kTileValues;
    for (const auto& step : part.steps) {
      const Bf16* b = gradient + (step.target - part.target_first) * gradient_position;
      const Bf16* a[3] = {zeros, zeros, zeros};
      for (int tap = 0; tap < kTaps; ++tap) {
        if (step.source[tap] == WeightsGradient::kOutside) continue;
        a[tap] = part.source + (step.source[tap] - part.source_first) * kTileValues;
      }
      _tile_loadd(7, b, 64);
      _tile_loadd(6, a[0], 64);
      _tile_dpbf16ps(0, 6, 7);
      if constexpr (kTaps > 1) {
        _tile_loadd(6, a[1], 64);
        _tile_dpbf16ps(1, 6, 7);
      }
      if constexpr (kTaps > 2) {
        _tile_loadd(6, a[2], 64);
        _tile_dpbf16ps(2, 6, 7);
      }
      if constexpr (kOut == 2) {
        _tile_loadd(7, b + kTileValues, 64);
        if constexpr (kTaps > 2) {
          _tile_dpbf16ps(5, 6, 7);
          _tile_loadd(6, a[1], 64);
        }
        if constexpr (kTaps > 1) {
          _tile_dpbf16ps(4, 6, 7);
          _tile_loadd(6, a[0], 64);
        }
        _tile_dpbf16ps(3, 6, 7);
      }
    }
  }

  /// Where the sums of a tap begin, at groups of channels.
  float* sums_at(float* sums, int tap, std::size_t in, std::size_t out) const {
    return sums +
           ((static_cast<std::size_t>(tap) * in_tiles() + in) * out_tiles() + out) * kTileSums;
  }

  /// Sums of one group of taps and a pair of groups of channels over parts, added to what is there.
  template <int kOut>
  void tile(const WeightsGradient::Group& group, std::span<const Part> parts, std::size_t in,
            std::size_t out, bool add, float* sums) const {
    float* first = sums_at(sums, group.tap, in, out);
    float* second = sums_at(sums, group.tap, in + 1, out);
    if (add) {
      _tile_loadd(0, first, 64);
      _tile_loadd(2, second, 64);
      if constexpr (kOut == 2) {
        _tile_loadd(1, first + kTileSums, 64);
        _tile_loadd(3, second + kTileSums, 64);
      }
    } else {
      zero_four();
    }
    for (const Part& part : parts) accumulate<kOut>(part, in, out);
    _tile_stored(0, first, 64);
    _tile_stored(2, second, 64);
    if constexpr (kOut == 2) {
      _tile_stored(1, first + kTileSums, 64);
      _tile_stored(3, second + kTileSums, 64);
    }
  }

  static void zero_four() {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }

  template <int kOut, int kTaps>
  void tile_of_taps(const WeightsGradient::Group& group, std::span<const Part> parts,
                    std::size_t out, bool add, float* sums) const {
    alignas(64) static constexpr Bf16 kZeros[kTileValues] = {};
    zero_four();
    _tile_zero(4);
    _tile_zero(5);
    for (const Part& part : parts) accumulate_taps<kOut, kTaps>(part, out, kZeros);
    alignas(64) float gathered[6][kTileSums];
    _tile_stored(0, gathered[0], 64);
    _tile_stored(1, gathered[1], 64);
    _tile_stored(2, gathered[2], 64);
    _tile_stored(3, gathered[3], 64);
    _tile_stored(4, gathered[4], 64);
    _tile_stored(5, gathered[5], 64);
    for (int o = 0; o < kOut; ++o) {
      for (int tap = 0; tap < kTaps; ++tap) {
        float* to = sums_at(sums, group.tap + tap, 0, out + static_cast<std::size_t>(o));
        const float* from = gathered[3 * o + tap];
        for (std::size_t i = 0; i < kTileSums; i += kTileRows) {
          const __m512 more = _mm512_load_ps(from + i);
          _mm512_storeu_ps(to + i, add ? _mm512_add_ps(_mm512_loadu_ps(to + i), more) : more);
        }
      }
    }
  }

  /// Sums of a group of taps for two groups of input channels (or the only one) and of output.
  void block(const WeightsGradient::Group& group, std::span<const Part> parts, std::size_t in,
             std::size_t out, bool add, float* sums) const {
    const bool wide = out_tiles() > 1;
    if (in_tiles() > 1) {
      return wide ? tile<2>(group, parts, in, out, add, sums)
                  : tile<1>(group, parts, in, out, add, sums);
    }
    switch (group.taps * 2 + (wide ? 1 : 0)) {
      case 2:
        return tile_of_taps<1, 1>(group, parts, out, add, sums);
      case 3:
        return tile_of_taps<2, 1>(group, parts, out, add, sums);
      case 4:
        return tile_of_taps<1, 2>(group, parts, out, add, sums);
      case 5:
        return tile_of_taps<2, 2>(group, parts, out, add, sums);
      case 6:
        return tile_of_taps<1, 3>(group, parts, out, add, sums);
      default:
        return tile_of_taps<2, 3>(group, parts, out, add, sums);
    }
  }

  /// All sums over rows of the target, from what is laid out for them.
  void rows(WeightsGradient::Rows target, WeightsGradient::Rows source, const Bf16* laid_source,
            const Bf16* laid_gradient, float* sums) const {
    const auto source_first = static_cast<std::uint32_t>(source.begin * g.source_.width);
    const auto target_first = static_cast<std::uint32_t>(target.begin * g.target_.width);
    for (std::size_t in = 0; in < in_tiles(); in += 2) {
      for (std::size_t out = 0; out < out_tiles(); out += 2) {
        for (const auto& group : g.groups_) {
          const std::size_t begin = group.of_row[static_cast<std::size_t>(target.begin)];
          const std::size_t end = group.of_row[static_cast<std::size_t>(target.end)];
          const Part part{laid_source, laid_gradient, source_first, target_first,
                          std::span(group.steps).subspan(begin, end - begin)};
          block(group, std::span(&part, 1), in, out, true, sums);
        }
      }
    }
  }
};

void WeightsGradient::run_by_rows(const Bf16* source, const GradientRows& gradient,
                                  float* weights) {
  const auto threads = static_cast<std::size_t>(thread_count());
  buffers_.resize(std::max(buffers_.size(), threads));
  const auto parts = static_cast<std::size_t>((target_.height + rows_ - 1) / rows_);
  const std::size_t units = target_.blocks() * parts;
  const std::size_t used = std::min(units, threads);
  parallel_for_indexed(units, 1, [&](int range, std::size_t begin, std::size_t end) {
    float* sums = buffers_[static_cast<std::size_t>(range)].sums.of<float>(shape_.size());
    std::fill_n(sums, shape_.size(), 0.0f);
    const TileScope scope(product_shapes(kTileRows, kDepth));
    for (std::size_t unit = begin; unit < end; ++unit) {
      const int first = static_cast<int>(unit % parts) * rows_;
      const Rows target{first, std::min(first + rows_, target_.height)};
      rows_of_block(range, source, gradient, unit / parts, target, sums);
    }
  });
  parallel_for(shape_.size() / kTileSums, 8, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin * kTileSums; i < end * kTileSums; i += kTileRows) {
      __m512 sum = _mm512_setzero_ps();
      for (std::size_t t = 0; t < used; ++t) {
        sum = _mm512_add_ps(sum, _mm512_loadu_ps(buffers_[t].sums.of<float>(shape_.size()) + i));
      }
      _mm512_storeu_ps(weights + i, sum);
    }
  });
}

/// Adds what some rows of a block's target give.
void WeightsGradient::rows_of_block(int thread, const Bf16* source, const GradientRows& gradient,
                                    std::size_t block, Rows target, float* sums) {
  ThreadBuffers& buffers = buffers_[static_cast<std::size_t>(thread)];
  const GradientLoops loops{*this};
  const Rows from = met(target);
  const auto positions = [](Rows rows, const Maps& maps) {
    return static_cast<std::size_t>((rows.end - rows.begin) * maps.width);
  };
  const auto first_of = [](Rows rows, const Maps& maps) {
    return static_cast<std::size_t>(rows.begin * maps.width) * maps.position_size();
  };
  Bf16* laid_gradient =
      buffers.gradient.of<Bf16>(positions(target, target_) * target_.position_size());
  Bf16* laid_source = buffers.source.of<Bf16>(positions(from, source_) * source_.position_size());
  lay_out_gradient(target_, gradient(thread, block, target.begin, target.end, buffers.rows),
                   positions(target, target_), laid_gradient);
  if (picture_channels_ > 0) {
    loops.lay_out_pictures(source + block * kBlock * picture_, target, buffers.turned, laid_source);
  } else {
    lay_out_source(source_, source + block * source_.block_size() + first_of(from, source_),
                   positions(from, source_), laid_source);
  }
  loops.rows(target, from, laid_source, laid_gradient, sums);
}

void WeightsGradient::run_by_tiles(const Bf16* source, const GradientRows& gradient,
                                   float* weights) {
  const GradientLoops loops{*this};
  buffers_.resize(std::max(buffers_.size(), static_cast<std::size_t>(thread_count())));
  Bf16* laid_source = buffers_[0].source.of<Bf16>(source_.size());
  Bf16* laid_gradient = buffers_[0].gradient.of<Bf16>(target_.size());
  parallel_for_indexed(target_.blocks(), 1, [&](int range, std::size_t begin, std::size_t end) {
    for (std::size_t block = begin; block < end; ++block) {
      lay_out_gradient(
          target_,
          gradient(range, block, 0, target_.height, buffers_[static_cast<std::size_t>(range)].rows),
          target_.positions(), laid_gradient + block * target_.block_size());
      Bf16* to = laid_source + block * source_.block_size();
      if (picture_channels_ > 0) {
        loops.lay_out_pictures(source + block * kBlock * picture_, {0, target_.height},
                               buffers_[static_cast<std::size_t>(range)].turned, to);
      } else {
        lay_out_source(source_, source + block * source_.block_size(), source_.positions(), to);
      }
    }
  });
  const std::size_t ins = (loops.in_tiles() + 1) / 2;
  const std::size_t outs = (loops.out_tiles() + 1) / 2;
  parallel_for(groups_.size() * ins * outs, 1, [&](std::size_t begin, std::size_t end) {
    const TileScope scope(product_shapes(kTileRows, kDepth));
    std::vector<GradientLoops::Part> parts;
    for (std::size_t task = begin; task < end; ++task) {
      const Group& group = groups_[task / (ins * outs)];
      parts.clear();
      for (std::size_t block = 0; block < target_.blocks(); ++block) {
        parts.push_back({laid_source + block * source_.block_size(),
                         laid_gradient + block * target_.block_size(), 0, 0, group.steps});
      }
      loops.block(group, parts, task / outs % ins * 2, task % outs * 2, false, weights);
    }
  });
}

THIMBLE_AMX_END

}  // namespace thimble::nn::amx

#endif
