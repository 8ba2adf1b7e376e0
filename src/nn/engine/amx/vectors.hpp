// What tiles.hpp has, on processors with bf16 products of vectors (avx512_bf16) but without tiles.
// Included behind it.

/// Sums of kRows rows of each of kTiles tiles with kColumns groups of 16 columns. Row r of tile t
/// and group g goes to sums[g * 512 + t * 256 + 16 r].
///
/// A function of its own, and rows addressed from every fifth: else the loop would run out of
/// registers for addresses.
template <int kColumns, int kTiles, int kRows>
__attribute__((noinline)) void multiply_rows(const Bf16* source, const Rows& rows,
                                             std::span<const Tap> taps, const Bf16* weights,
                                             const Columns& columns, int depth, float* sums) {
  constexpr int kOfABase = 5;
  constexpr int kBases = (kRows + kOfABase - 1) / kOfABase;
  const std::ptrdiff_t stride = rows.stride;
  __m512 total[kColumns][kTiles][kRows];
  for (auto& group : total) {
    for (auto& tile : group) {
      for (__m512& sum : tile) sum = _mm512_setzero_ps();
    }
  }
  for (const Tap tap : taps) {
    const Bf16* a = source + tap.source;
    const Bf16* b = weights + tap.weights;
    for (int piece = 0; piece < columns.pieces; ++piece, a += kDepth, b += columns.piece) {
      const std::byte* bases[kTiles][kBases];
      for (int t = 0; t < kTiles; ++t) {
        const Bf16* of_tile = a + static_cast<std::size_t>(t) * rows.second;
        for (int i = 0; i < kBases; ++i) {
          bases[t][i] = reinterpret_cast<const std::byte*>(of_tile) + i * kOfABase * stride;
        }
      }
      const Bf16* pairs = b;
      for (int k = 0; k < depth; k += 2, pairs += 2 * kTileRows) {
        __m512bh of_columns[kColumns];
        for (int g = 0; g < kColumns; ++g) {
          of_columns[g] =
              (__m512bh)_mm512_loadu_si512(pairs + static_cast<std::size_t>(g) * columns.tile);
        }
        for (int t = 0; t < kTiles; ++t) {
          for (int r = 0; r < kRows; ++r) {
            std::int32_t pair;
            std::memcpy(&pair, bases[t][r / kOfABase] + r % kOfABase * stride, sizeof(pair));
            const __m512bh of_row = (__m512bh)_mm512_set1_epi32(pair);
            for (int g = 0; g < kColumns; ++g) {
              total[g][t][r] = _mm512_dpbf16_ps(total[g][t][r], of_row, of_columns[g]);
            }
          }
          for (const std::byte*& base : bases[t]) base += 2 * sizeof(Bf16);
        }
      }
    }
  }
  for (int g = 0; g < kColumns; ++g) {
    for (int t = 0; t < kTiles; ++t) {
      for (int r = 0; r < kRows; ++r) {
        _mm512_storeu_ps(sums + g * 512 + t * 256 + r * kTileRows, total[g][t][r]);
      }
    }
  }
}

/// Picks multiply_rows() for a number of rows that is known when it runs.
template <int kColumns, int kTiles, int kRows>
inline void multiply_some_rows(int count, const Bf16* source, const Rows& rows,
                               std::span<const Tap> taps, const Bf16* weights,
                               const Columns& columns, int depth, float* sums) {
  if constexpr (kRows > 1) {
    if (count < kRows) {
      return multiply_some_rows<kColumns, kTiles, kRows - 1>(count, source, rows, taps, weights,
                                                             columns, depth, sums);
    }
  }
  multiply_rows<kColumns, kTiles, kRows>(source, rows, taps, weights, columns, depth, sums);
}

/// As multiply() in tiles.hpp, for `count` rows of the tiles in [first_tile, tiles).
template <int kColumns>
inline void multiply_vectors(const Bf16* source, const Rows& rows, int count, int first_tile,
                             int tiles, std::span<const Tap> taps, const Bf16* weights,
                             const Columns& columns, int depth, float* sums) {
  // As many rows at a time as leave registers for the columns, all parts alike; short rows of both
  // tiles together, so that there are sums enough to keep the multiplier busy.
  constexpr int kMost = 14;
  if (first_tile == 0 && tiles == 2 && 2 * count <= kMost) {
    return multiply_some_rows<kColumns, 2, kMost / 2>(count, source, rows, taps, weights, columns,
                                                      depth, sums);
  }
  const int parts = (count + kMost - 1) / kMost;
  const int most = (count + parts - 1) / parts;
  const std::ptrdiff_t row_values = rows.stride / static_cast<std::ptrdiff_t>(sizeof(Bf16));
  for (int tile = first_tile; tile < tiles; ++tile) {
    const Bf16* of_tile = source + static_cast<std::size_t>(tile) * rows.second;
    for (int row = 0; row < count; row += most) {
      multiply_some_rows<kColumns, 1, kMost>(std::min(most, count - row),
                                             of_tile + row * row_values, rows, taps, weights,
                                             columns, depth, sums + tile * 256 + row * kTileRows);
    }
  }
}
