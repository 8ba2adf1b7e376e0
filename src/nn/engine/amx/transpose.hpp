// Pictures of a block in the depth of a product. For the .cpp files of this folder, which include
// it behind tiles.hpp.

/// 16 values of two pictures to pairs: [16][2].
inline __m512i pair_up(const Bf16* first, const Bf16* second) {
  alignas(64) static constexpr std::uint16_t kInterleave[32] = {
      0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
      8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const __m512i both = _mm512_inserti64x4(
      _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(first))),
      _mm256_loadu_si256(reinterpret_cast<const __m256i*>(second)), 1);
  return _mm512_permutexvar_epi16(_mm512_load_si512(kInterleave), both);
}

/// [32 pictures][stride] of 16 values each to a tile [16 pairs of pictures][16][2].
inline void lay_out_pairs(const Bf16* from, std::size_t stride, Bf16* to) {
  for (int pair = 0; pair < kTileRows; ++pair, from += 2 * stride, to += 2 * kTileRows) {
    _mm512_storeu_si512(to, pair_up(from, from + stride));
  }
}

/// [32 pictures][stride] of 16 values each to a tile [16][32 pictures].
inline void lay_out_transposed(const Bf16* from, std::size_t stride, Bf16* to) {
  __m512i a[16];
  __m512i b[16];
  for (int i = 0; i < 16; ++i) {
    const Bf16* pictures = from + static_cast<std::size_t>(2 * i) * stride;
    a[i] = pair_up(pictures, pictures + stride);
  }
  // A transpose of 16x16 numbers of 32 bits, each a pair of pictures: 2x2 blocks of 1, 2, 4 and 8.
  for (int i = 0; i < 16; i += 2) {
    b[i] = _mm512_unpacklo_epi32(a[i], a[i + 1]);
    b[i + 1] = _mm512_unpackhi_epi32(a[i], a[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    a[i] = _mm512_unpacklo_epi64(b[i], b[i + 2]);
    a[i + 1] = _mm512_unpackhi_epi64(b[i], b[i + 2]);
    a[i + 2] = _mm512_unpacklo_epi64(b[i + 1], b[i + 3]);
    a[i + 3] = _mm512_unpackhi_epi64(b[i + 1], b[i + 3]);
  }
  for (int half = 0; half < 16; half += 8) {
    for (int i = half; i < half + 4; ++i) {
      b[i] = _mm512_shuffle_i32x4(a[i], a[i + 4], 0x88);
      b[i + 4] = _mm512_shuffle_i32x4(a[i], a[i + 4], 0xDD);
    }
  }
  for (int i = 0; i < 8; ++i) {
    a[i] = _mm512_shuffle_i32x4(b[i], b[i + 8], 0x88);
    a[i + 8] = _mm512_shuffle_i32x4(b[i], b[i + 8], 0xDD);
  }
  for (int i = 0; i < 16; ++i) _mm512_storeu_si512(to + i * 2 * kTileRows, a[i]);
}

/// Positions of a gradient's maps, each 16 channels a tile of pairs.
inline void lay_out_gradient(const Maps& maps, const Bf16* from, std::size_t positions, Bf16* to) {
  const auto channels = static_cast<std::size_t>(maps.channels);
  for (std::size_t p = 0; p < positions; ++p, from += maps.position_size()) {
    for (std::size_t c = 0; c < channels; c += kTileRows, to += (2 * kTileRows * kTileRows)) {
      lay_out_pairs(from + c, channels, to);
    }
  }
}

/// Positions of a source's maps, each 16 channels a transposed tile.
inline void lay_out_source(const Maps& maps, const Bf16* from, std::size_t positions, Bf16* to) {
  const auto channels = static_cast<std::size_t>(maps.channels);
  for (std::size_t p = 0; p < positions; ++p, from += maps.position_size()) {
    for (std::size_t c = 0; c < channels; c += kTileRows, to += (2 * kTileRows * kTileRows)) {
      lay_out_transposed(from + c, channels, to);
    }
  }
}
