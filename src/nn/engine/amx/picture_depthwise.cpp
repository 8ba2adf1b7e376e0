#include "nn/engine/amx/picture_depthwise.hpp"

#include <algorithm>

#include "nn/engine/amx/taps.hpp"
#include "nn/engine/amx/target.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>

namespace thimble::nn::amx {

PictureDepthwise::PictureDepthwise(const PictureMap& from, const PictureMap& to, int channels,
                                   const SlidingWindow& sliding, std::span<const float> declared,
                                   PictureTail behind)
    : source(from),
      out(to),
      window(sliding),
      groups((channels + kTileRows - 1) / kTileRows),
      tail(std::move(behind)) {
  const auto padded = static_cast<std::size_t>(groups * kTileRows);
  const auto taps = static_cast<std::size_t>(taps_of(window));
  weights.resize(padded * taps);
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const std::size_t channel = i / taps;
    const std::size_t vector = channel / kTileRows * taps + i % taps;
    weights[vector * kTileRows + channel % kTileRows] = declared[i];
  }
  tail.scale.resize(padded);
  tail.shift.resize(padded);
}

THIMBLE_AMX_BEGIN

namespace {
#include "nn/engine/amx/tiles.hpp"

#include "nn/engine/amx/picture_tail.hpp"

/// The values of 16 channels at a position.
struct alignas(64) Channels {
  float values[kTileRows];
};

// Neighbouring positions whose sums are kept in registers.
constexpr int kTogether = 8;

/// One group of channels after the other. The rows of the source that a row of the output looks at
/// are kept as floats, so that a value is converted once, not for every tap.
struct Loops {
  const PictureDepthwise& p;
  const Bf16* source;
  const Bf16* addend;
  Bf16* out;
  int row_width;  // with what the window sees of the border
  std::vector<Channels> rows;
  std::size_t group = 0;

  Loops(const PictureDepthwise& depthwise, PictureWorkspace& workspace)
      : p(depthwise),
        source(workspace.of(p.source)),
        addend(p.tail.addend ? workspace.of(*p.tail.addend) : nullptr),
        out(workspace.of(p.out)),
        row_width(p.source.width + 2 * p.window.pad.width),
        rows(static_cast<std::size_t>(p.window.kernel.height * row_width)) {}

  /// A row of the source as floats, the first at the upper edge of the padding.
  Channels* row(int y) {
    return rows.data() + static_cast<std::size_t>(y % p.window.kernel.height * row_width);
  }

  void run_group() {
    int kept = 0;  // rows before it need not be converted any more
    for (int y = 0; y < p.out.height; ++y) {
      const int top = y * p.window.stride.height;
      for (kept = std::max(kept, top); kept < top + p.window.kernel.height; ++kept) convert(kept);
      // Parts of equal length, the last of which may overlap the one before it.
      const int parts = (p.out.width + kTogether - 1) / kTogether;
      const int length = (p.out.width + parts - 1) / parts;
      for (int part = 0; part < parts; ++part) {
        some_positions<kTogether>(length, y, std::min(part * length, p.out.width - length));
      }
    }
  }

  void convert(int y) {
    const Bf16* from =
        source + p.source.at(y - p.window.pad.height, -p.window.pad.width) + group * kTileRows;
    Channels* to = row(y);
    for (int x = 0; x < row_width; ++x, from += p.source.channels) {
      _mm512_store_ps(to[x].values, load_bf16(from));
    }
  }

  /// Picks positions() for a number of them that is known when it runs.
  template <int kCount>
  void some_positions(int count, int y, int x) {
    if constexpr (kCount > 1) {
      if (count < kCount) return some_positions<kCount - 1>(count, y, x);
    }
    positions<kCount>(y, x);
  }

  template <int kCount>
  void positions(int y, int x) {
    const auto& [kernel, stride, pad] = p.window;
    __m512 sums[kCount];
    for (__m512& sum : sums) sum = _mm512_setzero_ps();
    const auto taps = static_cast<std::size_t>(taps_of(p.window));
    const float* weight = p.weights.data() + group * taps * kTileRows;
    for (int v = 0; v < kernel.height; ++v) {
      const Channels* from = row(y * stride.height + v) + x * stride.width;
      for (int u = 0; u < kernel.width; ++u, ++from, weight += kTileRows) {
        const __m512 of_tap = _mm512_loadu_ps(weight);
        for (int i = 0; i < kCount; ++i) {
          const __m512 value = _mm512_load_ps(from[i * stride.width].values);
          sums[i] = _mm512_fmadd_ps(value, of_tap, sums[i]);
        }
      }
    }
    const __m512 scale = _mm512_loadu_ps(p.tail.scale.data() + group * kTileRows);
    const __m512 shift = _mm512_loadu_ps(p.tail.shift.data() + group * kTileRows);
    std::size_t to = p.out.at(y, x) + group * kTileRows;
    for (int i = 0; i < kCount; ++i, to += static_cast<std::size_t>(p.out.channels)) {
      const __m512 value = _mm512_fmadd_ps(sums[i], scale, shift);
      store_bf16(out + to, with_tail(p.tail, addend, to, value));
    }
  }
};

}  // namespace

void PictureDepthwise::run(PictureWorkspace& workspace) const {
  Loops loops(*this, workspace);
  for (; loops.group < static_cast<std::size_t>(groups); ++loops.group) loops.run_group();
}

THIMBLE_AMX_END

}  // namespace thimble::nn::amx

#endif
