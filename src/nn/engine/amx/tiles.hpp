// Products of tiles, and vectors of bf16. For the .cpp files of this folder, which include it
// between THIMBLE_AMX_BEGIN and THIMBLE_AMX_END, after <immintrin.h>.

/// How the eight tile registers are cut. Kept in memory of its own: g++ 12 takes only its first
/// eight bytes for an input of _tile_loadconfig, and would leave out the stores of the rest.
struct alignas(64) TileShapes {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t column_bytes[16] = {};
  std::uint8_t rows[16] = {};
};

/// Registers for products of `rows` rows and `depth` bf16 values (even) with 16 columns: 0 to 3
/// hold sums, 4 and 5 rows of the source, 6 and 7 weights.
inline TileShapes product_shapes(int rows, int depth) {
  TileShapes shapes;
  for (int i = 0; i < 8; ++i) {
    shapes.rows[i] = static_cast<std::uint8_t>(i < 6 ? rows : depth / 2);
    shapes.column_bytes[i] = static_cast<std::uint16_t>(i == 4 || i == 5 ? depth * 2 : 64);
  }
  return shapes;
}

/// Tile registers in a shape, given back at the end: an operating system saves them at every
/// switch of threads while they are in use.
class TileScope {
 public:
  explicit TileScope(const TileShapes& shapes) : shapes_(shapes) {
    asm volatile("" : : "m"(shapes_));
    _tile_loadconfig(&shapes_);
  }
  ~TileScope() { _tile_release(); }
  TileScope(const TileScope&) = delete;
  TileScope& operator=(const TileScope&) = delete;

 private:
  TileShapes shapes_;
};

/// The operand of which a tile takes rows.
struct Rows {
  std::ptrdiff_t stride;  ///< bytes from row to row
  std::size_t second;     ///< values from the first tile's rows to the second's
};

/// The operand of which a tile takes columns: packed tiles of weights.
struct Columns {
  int pieces;         ///< tiles along the depth
  std::size_t piece;  ///< values from one to the next
  std::size_t tile;   ///< values of a tile: from a group of 16 columns to the next
};

/// Sums of two tiles of rows with one or two of columns, fp32 [kColumns][2 tiles][rows][16].
template <int kColumns>
inline void multiply(const Bf16* source, const Rows& rows, std::span<const Tap> taps,
                     const Bf16* weights, const Columns& columns, float* sums) {
  _tile_zero(0);
  _tile_zero(2);
  if constexpr (kColumns == 2) {
    _tile_zero(1);
    _tile_zero(3);
  }
  for (const Tap tap : taps) {
    const Bf16* a = source + tap.source;
    const Bf16* b = weights + tap.weights;
    for (int piece = 0; piece < columns.pieces; ++piece, a += kDepth, b += columns.piece) {
      _tile_loadd(4, a, rows.stride);
      _tile_loadd(6, b, 64);
      _tile_dpbf16ps(0, 4, 6);
      if constexpr (kColumns == 2) {
        _tile_loadd(7, b + columns.tile, 64);
        _tile_dpbf16ps(1, 4, 7);
      }
      _tile_loadd(5, a + rows.second, rows.stride);
      _tile_dpbf16ps(2, 5, 6);
      if constexpr (kColumns == 2) _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, sums, 64);
  _tile_stored(2, sums + 256, 64);
  if constexpr (kColumns == 2) {
    _tile_stored(1, sums + 512, 64);
    _tile_stored(3, sums + 768, 64);
  }
}

/// As multiply<1>() for two places of the source that use the same weights: four sums, which keep
/// the multiplier busy where two would wait for each other.
/// @param apart  values from the first place to the second
/// @param sums   fp32 [2 tiles][rows][16] of the first place
/// @param others  the same of the second
inline void multiply_two(const Bf16* source, std::size_t apart, const Rows& rows,
                         std::span<const Tap> taps, const Bf16* weights, const Columns& columns,
                         float* sums, float* others) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (const Tap tap : taps) {
    const Bf16* a = source + tap.source;
    const Bf16* b = weights + tap.weights;
    for (int piece = 0; piece < columns.pieces; ++piece, a += kDepth, b += columns.piece) {
      _tile_loadd(6, b, 64);
      _tile_loadd(4, a, rows.stride);
      _tile_dpbf16ps(0, 4, 6);
      _tile_loadd(5, a + rows.second, rows.stride);
      _tile_dpbf16ps(1, 5, 6);
      _tile_loadd(4, a + apart, rows.stride);
      _tile_dpbf16ps(2, 4, 6);
      _tile_loadd(5, a + apart + rows.second, rows.stride);
      _tile_dpbf16ps(3, 5, 6);
    }
  }
  _tile_stored(0, sums, 64);
  _tile_stored(1, sums + 256, 64);
  _tile_stored(2, others, 64);
  _tile_stored(3, others + 256, 64);
}

inline __m512 load_bf16(const Bf16* p) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(
      _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))), 16));
}

/// Rounds to nearest even.
inline void store_bf16(Bf16* p, __m512 value) {
  const __m256bh bits = _mm512_cvtneps_pbh(value);
  __m256i raw;
  static_assert(sizeof(bits) == sizeof(raw));
  std::memcpy(&raw, &bits, sizeof(raw));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), raw);
}
