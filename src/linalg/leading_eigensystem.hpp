// The largest eigenvalues of large symmetric matrices, without the others.

#pragma once

#include <cstddef>
#include <span>

#include "base/progress.hpp"
#include "linalg/products.hpp"

namespace thimble::linalg {

/// The `k` largest eigenvalues of a positive semidefinite matrix and their vectors, in float32:
/// accurate to about 1e-6 of the largest eigenvalue. Eigenvectors of nearly equal eigenvalues may
/// be turned among each other.
///
/// Subspace iteration with Rayleigh-Ritz projection (Y. Saad: "Numerical Methods for Large
/// Eigenvalue Problems", 2nd edition 2011, algorithm 5.3), from random directions as in N. Halko,
/// P.-G. Martinsson, J. Tropp: "Finding Structure with Randomness", SIAM Review 53, 2011. Its cost
/// is some tens of products of the matrix with 1.5 k vectors; symmetric_eigensystem() is faster
/// where k is a large part of n.
///
/// Parallel; the result does not depend on the number of threads.
/// @param matrix      double [n, n], symmetric, no eigenvalue below 0
/// @param k           1 to n
/// @return            values double [k], vectors double [k, n], signs as symmetric_eigensystem()
/// @throws DataError  if the matrix holds NaN or infinity
/// @throws Cancelled  if `progress` asked to stop
Eigensystem leading_eigensystem(std::span<const double> matrix, std::size_t n, std::size_t k,
                                Progress& progress);

}  // namespace thimble::linalg
