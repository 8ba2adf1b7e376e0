// The loops are written once with the compilers' vector types and compiled for each instruction set
// by being inlined into functions that carry its name; the processor's best is chosen at run time.

#include "classical/linear_kernels.hpp"

#include <algorithm>
#include <cstring>

#include "base/isa.hpp"

#define THIMBLE_INLINE [[gnu::always_inline]] inline
#if defined(__clang__)
#define THIMBLE_UNROLL _Pragma("unroll")
#else
#define THIMBLE_UNROLL _Pragma("GCC unroll 32")
#endif

namespace thimble::classical {
namespace {

/// Outputs of one tile: with two rows, or two vectors of features, their accumulators fill 20 of
/// the 32 registers of AVX-512.
constexpr int kTileOutputs = 10;

template <class Number, int bytes>
struct VectorOf {
  typedef Number type __attribute__((vector_size(bytes)));  // dependent sizes need a typedef
};
template <class Number, int bytes>
using Vector = typename VectorOf<Number, bytes>::type;

// Vectors go by reference: by value their calling convention would depend on the instruction set.
template <class V, class Number>
THIMBLE_INLINE void load(const Number* from, V& to) {
  std::memcpy(&to, from, sizeof(V));
}

template <class Number, int bytes>
THIMBLE_INLINE Number sum_of(const Vector<Number, bytes>& v) {
  constexpr int kLanes = bytes / static_cast<int>(sizeof(Number));
  if constexpr (kLanes == 2) {
    return v[0] + v[1];
  } else {
    Vector<Number, bytes / 2> low, high;
    std::memcpy(&low, &v, bytes / 2);
    std::memcpy(&high, reinterpret_cast<const char*>(&v) + bytes / 2, bytes / 2);
    low += high;
    return sum_of<Number, bytes / 2>(low);
  }
}

template <class Number, int bytes, int rows, int outputs>
THIMBLE_INLINE void decisions_tile(const Number* x, std::size_t dims, const Number* weights,
                                   Number* z) {
  using V = Vector<Number, bytes>;
  constexpr std::size_t kLanes = bytes / sizeof(Number);
  V total[rows][outputs] = {};
  for (std::size_t j = 0; j < dims; j += kLanes) {
    V values[rows];
    THIMBLE_UNROLL
    for (std::size_t r = 0; r < rows; ++r) load(x + r * dims + j, values[r]);
    THIMBLE_UNROLL
    for (std::size_t c = 0; c < outputs; ++c) {
      V w;
      load(weights + c * dims + j, w);
      THIMBLE_UNROLL
      for (std::size_t r = 0; r < rows; ++r) total[r][c] += values[r] * w;
    }
  }
  THIMBLE_UNROLL
  for (std::size_t c = 0; c < outputs; ++c) {
    THIMBLE_UNROLL
    for (std::size_t r = 0; r < rows; ++r) {
      z[c * kBlockRows + r] = sum_of<Number, bytes>(total[r][c]);
    }
  }
}

template <class Number, int bytes, int tile_rows, int outputs>
THIMBLE_INLINE void decisions_rows(const Number* x, std::size_t rows, std::size_t dims,
                                   const Number* weights, Number* z) {
  std::size_t r = 0;
  for (; r + tile_rows <= rows; r += tile_rows) {
    decisions_tile<Number, bytes, tile_rows, outputs>(x + r * dims, dims, weights, z + r);
  }
  for (; r < rows; ++r) {
    decisions_tile<Number, bytes, 1, outputs>(x + r * dims, dims, weights, z + r);
  }
}

template <class Number, int bytes, int vectors, int outputs>
THIMBLE_INLINE void sums_columns(const Number* x, std::size_t rows, std::size_t dims,
                                 const Number* residuals, double* sums) {
  using V = Vector<Number, bytes>;
  constexpr std::size_t kLanes = bytes / sizeof(Number);
  for (std::size_t j = 0; j < dims; j += vectors * kLanes) {
    V total[vectors][outputs] = {};
    for (std::size_t r = 0; r < rows; ++r) {
      V values[vectors];
      THIMBLE_UNROLL
      for (std::size_t v = 0; v < vectors; ++v) load(x + r * dims + j + v * kLanes, values[v]);
      THIMBLE_UNROLL
      for (std::size_t c = 0; c < outputs; ++c) {
        const Number residual = residuals[c * kBlockRows + r];
        THIMBLE_UNROLL
        for (std::size_t v = 0; v < vectors; ++v) total[v][c] += values[v] * residual;
      }
    }
    for (std::size_t c = 0; c < outputs; ++c) {
      Number block[vectors * kLanes];
      std::memcpy(block, total[0] + c, sizeof(V));
      if constexpr (vectors == 2) std::memcpy(block + kLanes, total[1] + c, sizeof(V));
      double* sum = sums + c * dims + j;
      for (std::size_t l = 0; l < vectors * kLanes; ++l) sum[l] += static_cast<double>(block[l]);
    }
  }
}

/// Calls tile.run<count>() for tiles of at most kTileOutputs outputs that cover `outputs`.
template <class Tile>
THIMBLE_INLINE void for_output_tiles(std::size_t outputs, const Tile& tile) {
  const std::size_t tiles = (outputs + kTileOutputs - 1) / kTileOutputs;
  std::size_t first = 0;
  for (std::size_t t = 0; t < tiles; ++t) {
    // Even, and nearly equal: 62 outputs are six tiles of 8 or 10 and one of 8, not 6 of 10 and 2.
    const std::size_t end = outputs / 2 * (t + 1) / tiles * 2;
    switch (end - first) {
      case 2:
        tile.template run<2>(first);
        break;
      case 4:
        tile.template run<4>(first);
        break;
      case 6:
        tile.template run<6>(first);
        break;
      case 8:
        tile.template run<8>(first);
        break;
      default:
        tile.template run<10>(first);
        break;
    }
    first = end;
  }
}

template <class Number, int bytes, int tile_rows>
struct DecisionsTile {
  const Number* x;
  std::size_t rows, dims;
  const Number* weights;
  Number* z;
  template <int outputs>
  THIMBLE_INLINE void run(std::size_t first) const {
    decisions_rows<Number, bytes, tile_rows, outputs>(x, rows, dims, weights + first * dims,
                                                      z + first * kBlockRows);
  }
};

template <class Number, int bytes, int vectors>
struct SumsTile {
  const Number* x;
  std::size_t rows, dims;
  const Number* residuals;
  double* sums;
  template <int outputs>
  THIMBLE_INLINE void run(std::size_t first) const {
    sums_columns<Number, bytes, vectors, outputs>(x, rows, dims, residuals + first * kBlockRows,
                                                  sums + first * dims);
  }
};

template <int bytes>
THIMBLE_INLINE void add_dot(const float* a, const float* b, std::size_t n, float& sum) {
  using V = Vector<float, bytes>;
  constexpr std::size_t kLanes = bytes / sizeof(float);
  V total[4] = {};
  std::size_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    THIMBLE_UNROLL
    for (std::size_t v = 0; v < 4; ++v) {
      V left, right;
      load(a + i + v * kLanes, left);
      load(b + i + v * kLanes, right);
      total[v] += left * right;
    }
  }
  total[0] += total[1];
  total[2] += total[3];
  total[0] += total[2];
  sum = sum_of<float, bytes>(total[0]);
  for (; i < n; ++i) sum += a[i] * b[i];
}

template <int bytes>
THIMBLE_INLINE void add_scaled(float factor, const float* from, std::size_t n, float* to) {
  using V = Vector<float, bytes>;
  constexpr std::size_t kLanes = bytes / sizeof(float);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    V left, right;
    load(from + i, left);
    load(to + i, right);
    right += left * factor;
    std::memcpy(to + i, &right, sizeof(V));
  }
  for (; i < n; ++i) to[i] += factor * from[i];
}

template <int bytes>
THIMBLE_INLINE void square_product(const float* triangle, std::size_t order, const float* x,
                                   float* result) {
  std::fill(result, result + order, 0.0F);
  for (std::size_t i = 0; i < order; ++i) {
    const float* row = triangle + i * (i + 1) / 2;
    float y = 0;
    add_dot<bytes>(row, x, i + 1, y);
    add_scaled<bytes>(y, row, i + 1, result);
  }
}

// One function an instruction set; the loops above become part of it.
#define THIMBLE_KERNELS(name, attribute, bytes, tile)                                            \
  template <class Number>                                                                        \
  attribute void decisions_##name(const Number* x, std::size_t rows, std::size_t dims,           \
                                  const Number* weights, std::size_t outputs, Number* z) {       \
    for_output_tiles(outputs, DecisionsTile<Number, bytes, tile>{x, rows, dims, weights, z});    \
  }                                                                                              \
  template <class Number>                                                                        \
  attribute void sums_##name(const Number* x, std::size_t rows, std::size_t dims,                \
                             const Number* residuals, std::size_t outputs, double* sums) {       \
    for_output_tiles(outputs, SumsTile<Number, bytes, tile>{x, rows, dims, residuals, sums});    \
  }                                                                                              \
  attribute void square_product_##name(const float* triangle, std::size_t order, const float* x, \
                                       float* result) {                                          \
    square_product<bytes>(triangle, order, x, result);                                           \
  }

#if defined(__x86_64__)
THIMBLE_KERNELS(avx512, __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw"))), 64, 2)
THIMBLE_KERNELS(avx2, __attribute__((target("avx2,fma"))), 32, 1)

#endif
THIMBLE_KERNELS(portable, , 16, 1)

#if defined(__x86_64__)
#define THIMBLE_BEST(function, ...)                                                         \
  if (has(Isa::avx512)) return function##_avx512(__VA_ARGS__);                              \
  if (has(Isa::avx2) && __builtin_cpu_supports("fma")) return function##_avx2(__VA_ARGS__); \
  function##_portable(__VA_ARGS__)
#else
#define THIMBLE_BEST(function, ...) function##_portable(__VA_ARGS__)
#endif

}  // namespace

template <class Number>
void block_decisions(const Number* x, std::size_t rows, std::size_t dims, const Number* weights,
                     std::size_t outputs, Number* z) {
  THIMBLE_BEST(decisions, x, rows, dims, weights, outputs, z);
}

template <class Number>
void block_sums(const Number* x, std::size_t rows, std::size_t dims, const Number* residuals,
                std::size_t outputs, double* sums) {
  THIMBLE_BEST(sums, x, rows, dims, residuals, outputs, sums);
}

void triangle_square_product(const float* triangle, std::size_t order, const float* x,
                             float* result) {
  THIMBLE_BEST(square_product, triangle, order, x, result);
}

template void block_decisions(const float*, std::size_t, std::size_t, const float*, std::size_t,
                              float*);
template void block_decisions(const double*, std::size_t, std::size_t, const double*, std::size_t,
                              double*);
template void block_sums(const float*, std::size_t, std::size_t, const float*, std::size_t,
                         double*);
template void block_sums(const double*, std::size_t, std::size_t, const double*, std::size_t,
                         double*);

}  // namespace thimble::classical
