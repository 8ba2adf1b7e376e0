#include "nn/engine/amx/picture_product.hpp"

#include <algorithm>

#include "base/isa.hpp"
#include "base/parallel.hpp"
#include "nn/engine/amx/target.hpp"

namespace thimble::nn::amx {

void PictureProduct::run_block(const Product& product, int outputs,
                               PictureWorkspace& workspace) const {
  ProductOutput output;
  output.scale = tail.scale.data();
  output.bias = tail.shift.data();
  output.scale_before_pool = tail.pooled && !tail.pool_first;
  output.relu = tail.relu;
  if (tail.addend) output.addend = workspace.block(*tail.addend);
  output.relu_at_end = tail.relu_at_end;
  if (to_floats) {
    output.floats = workspace.block_out.data();
    output.float_channels = outputs;
  } else {
    output.out = workspace.block(out);
  }
  product.run(workspace.block(source), weights.data(), output);
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
#include "nn/engine/amx/vectors.hpp"

#include "nn/engine/amx/picture_tail.hpp"

constexpr std::size_t kTile = 256;

/// Positions of a row are taken in parts of equal length, at most a tile's rows; the last may
/// overlap the one before it. With pooling they begin at even positions.
struct Parts {
  int length;
  int count;
  int width;

  Parts(int positions, bool pooled) : width(positions) {
    count = (positions + kTileRows - 1) / kTileRows;
    length = (positions + count - 1) / count;
    if (pooled && length % 2 != 0) ++length;
  }
  int begin(int part) const { return std::min(part * length, width - length); }
};

// Multiplications that a thread does in about 20 us.
constexpr std::int64_t kGrainProducts = 1'500'000;

/// @tparam kTiles  by products of tiles, or of vectors
template <bool kTiles>
struct Loops {
  const PictureProduct& p;
  const Bf16* source;
  const Bf16* addend;
  Bf16* out;
  float* floats;
  Parts parts;
  Rows rows;
  Columns columns;
  int first_tile = 0;  // of two rows: what comes before it is not put out
  alignas(64) float sums[4 * kTile];

  Loops(const PictureProduct& product, PictureWorkspace& workspace)
      : p(product),
        source(workspace.of(product.source)),
        addend(product.tail.addend ? workspace.of(*product.tail.addend) : nullptr),
        out(product.to_floats ? nullptr : workspace.of(product.out)),
        floats(workspace.out.data()),
        parts(product.width, product.tail.pooled) {
    const auto channels = static_cast<std::size_t>(p.source.channels);
    rows.stride = static_cast<std::ptrdiff_t>(static_cast<std::size_t>(p.stride.width) * channels *
                                              sizeof(Bf16));
    // The second tile's rows are the next row of the map; of a single row, the same once more.
    rows.second = p.height > 1 ? static_cast<std::size_t>(p.stride.height) * p.source.row() : 0;
    const auto tile = static_cast<std::size_t>(p.depth) * kTileRows;
    columns = {p.pieces, tile * static_cast<std::size_t>(p.channels) / kTileRows, tile};
  }

  std::size_t source_at(int y, int x) const {
    return p.first + static_cast<std::size_t>(y * p.stride.height) * p.source.row() +
           static_cast<std::size_t>(x * p.stride.width) *
               static_cast<std::size_t>(p.source.channels);
  }

  /// Pairs of rows, in [begin, end).
  void run(int begin, int end) {
    for (int pair = begin; pair < end; ++pair) {
      // The last of an odd number of rows is computed together with the one before it, which is
      // there already.
      const int y = std::max(0, std::min(2 * pair, p.height - 2));
      first_tile = 2 * pair - y;
      for (int part = 0; part < parts.count;) part += part_of_rows(y, part);
    }
  }

  template <int kColumns>
  void product(const Bf16* from, int group) {
    const Bf16* weights = p.weights.data() + static_cast<std::size_t>(group) * columns.tile;
    if constexpr (kTiles) {
      multiply<kColumns>(from, rows, p.taps, weights, columns, sums);
    } else {
      multiply_vectors<kColumns>(from, rows, parts.length, first_tile, std::min(2, p.height),
                                 p.taps, weights, columns, p.depth, sums);
    }
  }

  /// Two rows, one part; or two where there is only one group of columns.
  int part_of_rows(int y, int part) {
    const int x = parts.begin(part);
    const int groups = p.channels / kTileRows;
    const Bf16* from = source + source_at(y, x);
    if (groups > 1) {
      int group = 0;
      for (; group + 1 < groups; group += 2) {
        product<2>(from, group);
        finish(y, x, group, sums);
        finish(y, x, group + 1, sums + 2 * kTile);
      }
      if (group < groups) {
        product<1>(from, group);
        finish(y, x, group, sums);
      }
      return 1;
    }
    if (!kTiles || part + 1 == parts.count) {
      product<1>(from, 0);
      finish(y, x, 0, sums);
      return 1;
    }
    const int next = parts.begin(part + 1);
    multiply_two(from, source_at(y, next) - source_at(y, x), rows, p.taps, p.weights.data(),
                 columns, sums, sums + 2 * kTile);
    finish(y, x, 0, sums);
    finish(y, next, 0, sums + 2 * kTile);
    return 2;
  }

  /// @param from  [2 tiles][rows][16]
  void finish(int y, int x, int group, const float* from) const {
    const std::size_t channel = p.first_channel + static_cast<std::size_t>(group) * kTileRows;
    const __m512 scale = _mm512_loadu_ps(p.tail.scale.data() + channel);
    const __m512 shift = _mm512_loadu_ps(p.tail.shift.data() + channel);
    if (p.to_floats) {
      const __m512 value = _mm512_fmadd_ps(_mm512_load_ps(from), scale, shift);
      _mm512_storeu_ps(floats + channel, with_tail(p.tail, addend, channel, value));
      return;
    }
    const auto channels = static_cast<std::size_t>(p.out.channels);
    if (p.tail.pooled) {
      std::size_t to = p.out.at(y / 2, x / 2) + channel;
      for (int r = 0; r < parts.length; r += 2, from += 2 * kTileRows, to += channels) {
        store_bf16(out + to, with_tail(p.tail, addend, to, pool(from, scale, shift)));
      }
      return;
    }
    for (int tile = first_tile; tile < std::min(2, p.height); ++tile) {
      std::size_t to = p.out.at(y + tile, x) + channel;
      const float* row = from + static_cast<std::size_t>(tile) * kTile;
      for (int r = 0; r < parts.length; ++r, row += kTileRows, to += channels) {
        const __m512 value = _mm512_fmadd_ps(_mm512_load_ps(row), scale, shift);
        store_bf16(out + to, with_tail(p.tail, addend, to, value));
      }
    }
  }

  __m512 pool(const float* from, __m512 scale, __m512 shift) const {
    __m512 four[4] = {_mm512_load_ps(from), _mm512_load_ps(from + kTileRows),
                      _mm512_load_ps(from + kTile), _mm512_load_ps(from + kTile + kTileRows)};
    if (!p.tail.pool_first) {
      for (__m512& value : four) value = _mm512_fmadd_ps(value, scale, shift);
    }
    const __m512 best =
        _mm512_max_ps(_mm512_max_ps(four[0], four[1]), _mm512_max_ps(four[2], four[3]));
    return p.tail.pool_first ? _mm512_fmadd_ps(best, scale, shift) : best;
  }
};

}  // namespace

void PictureProduct::run(PictureWorkspace& workspace) const {
  const int pairs = (height + 1) / 2;
  if (has(Isa::amx)) {
    Loops<true> loops(*this, workspace);
    const TileScope scope(product_shapes(loops.parts.length, depth));
    return loops.run(0, pairs);
  }
  // Products of vectors take long enough to be shared, where no other thread has work.
  const auto grain = static_cast<std::size_t>(1 + kGrainProducts * pairs / products());
  parallel_for(static_cast<std::size_t>(pairs), grain, [&](std::size_t begin, std::size_t end) {
    Loops<false>(*this, workspace).run(static_cast<int>(begin), static_cast<int>(end));
  });
}

THIMBLE_AMX_END

}  // namespace thimble::nn::amx

#endif
