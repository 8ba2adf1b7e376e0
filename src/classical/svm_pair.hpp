// A support vector machine between two classes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "classical/kernel_rows.hpp"

namespace thimble::classical {

/// Kernel rows over the samples of two classes, the first class's n_a samples before the second's.
class PairRows {
 public:
  /// One sample's kernel values with the samples of each class.
  struct Row {
    KernelRow first;
    KernelRow second;

    float at(std::size_t t, std::size_t first_size) const {
      return t < first_size ? first[static_cast<std::ptrdiff_t>(t)]
                            : second[static_cast<std::ptrdiff_t>(t - first_size)];
    }
  };

  /// @param own_first   the first class's rows with itself; shared with other pairs
  /// @param cross_first  its rows with the second class; and the other way round
  PairRows(KernelRowStore& own_first, KernelRowStore& cross_first, KernelRowStore& cross_second,
           KernelRowStore& own_second, std::size_t first_size, std::size_t second_size);

  std::size_t first_size() const { return first_size_; }
  std::size_t size() const { return first_size_ + second_size_; }

  std::vector<Row> rows(std::span<const std::size_t> samples) const;

  /// Ask for about this many rows at a time: enough for efficient products, few enough to hold.
  static constexpr std::size_t kBatch = 256;

 private:
  KernelRowStore& own_first_;
  KernelRowStore& cross_first_;
  KernelRowStore& cross_second_;
  KernelRowStore& own_second_;
  std::size_t first_size_;
  std::size_t second_size_;
};

struct PairOptions {
  double C_first = 1;  ///< the bound of the first class's multipliers
  double C_second = 1;
  double tol = 1e-3;
  std::uint64_t max_iterations = 0;
  std::size_t largest_working_set = 4096;
  /// Called several times a second with the iterations done and the violation left; may throw.
  std::function<void(std::uint64_t iterations, double violation)> report;
};

struct PairSolution {
  std::vector<double> beta;  ///< [n], y_t alpha_t: the first class's are not negative
  double rho = 0;            ///< decision value = sum_t beta_t K(x_t, x) - rho
  double objective = 0;      ///< of the dual, to be minimised, as libsvm prints it
  /// sum_s beta_s K(x_s, x_t) - rho of each sample t
  std::vector<double> decision_values;
  std::uint64_t iterations = 0;
  double violation = 0;
  bool converged = false;
};

/// Solves the dual problem to a violation below `tol` (libsvm's m(alpha) - M(alpha)) over all
/// samples.
///
/// Decomposition: a working set that grows by the samples that violate the conditions most is
/// solved by SMO in a kernel matrix of its own, then the slopes of all samples follow. T. Joachims,
/// "Making large-scale SVM learning practical" (1999); Z. Wen et al., "ThunderSVM", JMLR 19 (2018).
///
/// @param held_out  bool [n]: samples to leave out of the solution; empty for none. Their decision
///                  values are computed all the same.
PairSolution solve_pair(const PairRows& rows, const PairOptions& options,
                        std::span<const char> held_out = {});

}  // namespace thimble::classical
