// One distribution over classes from probabilities between every two of them.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace thimble::classical {

/// The second method of T.-F. Wu, C.-J. Lin, R. C. Weng, "Probability estimates for multi-class
/// classification by pairwise coupling", JMLR 5 (2004), iterated as in libsvm.
///
/// @param pairwise  double [k, k]: [i, j] is the probability of class i where it is i or j; the
///                  diagonal is not read
/// @param out       double [k], sums to 1
void couple_pairwise(std::span<const double> pairwise, std::span<double> out);

}  // namespace thimble::classical
