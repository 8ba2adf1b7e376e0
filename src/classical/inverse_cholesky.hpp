// The inverse of a Cholesky factor.

#pragma once

#include "linalg/matrix.hpp"

namespace thimble::classical {

/// Replaces a symmetric matrix A = L L^T, of which only the lower triangle is read, by the inverse
/// of L, a lower triangle. In blocks, so that nearly all the work is matrix products; on the
/// calling thread.
/// @return  false, and `matrix` of no use, where A is not positive definite in float32
bool inverse_cholesky(linalg::Matrix& matrix);

}  // namespace thimble::classical
