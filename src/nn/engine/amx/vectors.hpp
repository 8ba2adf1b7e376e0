// What tiles.hpp has, on processors with bf16 products of vectors (avx512_bf16) but without tiles.
// Included behind it.

/// Sums of kRows rows with kColumns groups of 16 columns. Row r of group g goes to
/// sums[g * kGroup + 16 r].
template <int kColumns, int kRows>
inline void multiply_rows(const Bf16* source, std::ptrdiff_t stride, std::span<const Tap> taps,
                          const Bf16* weights, const Columns& columns, int depth, float* sums) {
  constexpr int kGroup = 512;
  __m512 total[kColumns][kRows];
  for (auto& group : total) {
    for (__m512& sum : group) sum = _mm512_setzero_ps();
  }
  for (const Tap tap : taps) {
    const Bf16* a = source + tap.source;
    const Bf16* b = weights + tap.weights;
    for (int piece = 0; piece < columns.pieces; ++piece, a += kDepth, b += columns.piece) {
      for (int k = 0; k < depth; k += 2) {
        __m512bh of_columns[kColumns];
        for (int g = 0; g < kColumns; ++g) {
          of_columns[g] = (__m512bh)_mm512_loadu_si512(
              b + static_cast<std::size_t>(g) * columns.tile + k * kTileRows);
        }
        for (int r = 0; r < kRows; ++r) {
          std::int32_t pair;
          std::memcpy(&pair, reinterpret_cast<const std::byte*>(a + k) + r * stride, sizeof(pair));
          const __m512bh of_row = (__m512bh)_mm512_set1_epi32(pair);
          for (int g = 0; g < kColumns; ++g) {
            total[g][r] = _mm512_dpbf16_ps(total[g][r], of_row, of_columns[g]);
          }
        }
      }
    }
  }
  for (int g = 0; g < kColumns; ++g) {
    for (int r = 0; r < kRows; ++r)
      _mm512_storeu_ps(sums + g * kGroup + r * kTileRows, total[g][r]);
  }
}

/// Picks multiply_rows() for a number of rows that is known when it runs.
template <int kColumns, int kRows>
inline void multiply_some_rows(int count, const Bf16* source, std::ptrdiff_t stride,
                               std::span<const Tap> taps, const Bf16* weights,
                               const Columns& columns, int depth, float* sums) {
  if constexpr (kRows > 1) {
    if (count < kRows) {
      return multiply_some_rows<kColumns, kRows - 1>(count, source, stride, taps, weights, columns,
                                                     depth, sums);
    }
  }
  multiply_rows<kColumns, kRows>(source, stride, taps, weights, columns, depth, sums);
}

/// As multiply() in tiles.hpp, for `count` rows of a tile.
template <int kColumns>
inline void multiply_vectors(const Bf16* source, const Rows& rows, int count, int tiles,
                             std::span<const Tap> taps, const Bf16* weights, const Columns& columns,
                             int depth, float* sums) {
  // As many rows at a time as leave registers for the columns, all parts alike.
  constexpr int kMost = 14;
  const int parts = (count + kMost - 1) / kMost;
  const int most = (count + parts - 1) / parts;
  const std::ptrdiff_t row_values = rows.stride / static_cast<std::ptrdiff_t>(sizeof(Bf16));
  for (int tile = 0; tile < tiles; ++tile, source += rows.second, sums += 256) {
    for (int row = 0; row < count; row += most) {
      multiply_some_rows<kColumns, kMost>(std::min(most, count - row), source + row * row_values,
                                          rows.stride, taps, weights, columns, depth,
                                          sums + row * kTileRows);
    }
  }
}
