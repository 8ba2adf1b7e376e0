// The two products of a linear model with a block of samples, for few outputs and many features:
// the shape in which general matrix products are slowest.

#pragma once

#include <cstddef>

namespace thimble::classical {

/// Samples of a block. The values of one output for a block's samples lie together:
/// [outputs, kBlockRows].
inline constexpr std::size_t kBlockRows = 64;

/// Features come in multiples of this, filled up with zeros.
inline constexpr std::size_t kFeatureMultiple = 32;

/// Outputs come in multiples of this, filled up with zero weights.
inline constexpr std::size_t kOutputMultiple = 2;

/// z[c, r] = sum_j weights[c, j] x[r, j], in the precision of Number: float or double.
/// @param x        Number [rows, dims], dims a multiple of kFeatureMultiple, rows <= kBlockRows
/// @param weights  Number [outputs, dims], outputs a multiple of kOutputMultiple
/// @param z        Number [outputs, kBlockRows]; entries past `rows` are left as they are
template <class Number>
void block_decisions(const Number* x, std::size_t rows, std::size_t dims, const Number* weights,
                     std::size_t outputs, Number* z);

/// sums[c, j] += sum_r residuals[c, r] x[r, j]; sums within a block are of type Number.
/// @param residuals  Number [outputs, kBlockRows]
/// @param sums       double [outputs, dims]
template <class Number>
void block_sums(const Number* x, std::size_t rows, std::size_t dims, const Number* residuals,
                std::size_t outputs, double* sums);

/// result = L^T L x in one pass over a packed lower triangle L, whose row i has i + 1 entries.
void triangle_square_product(const float* triangle, std::size_t order, const float* x,
                             float* result);

}  // namespace thimble::classical
