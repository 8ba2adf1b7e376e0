// One pass of a linear model over all samples: decisions, what a loss makes of them, and sums of
// the samples weighted by that.
//
// Samples go through the cache in blocks and are converted there, so that a pass reads each of
// their bytes from memory once. Sums are kept for fixed runs of blocks and added in their order:
// the result does not depend on the number of threads.

#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "base/aligned_array.hpp"
#include "classical/features.hpp"
#include "classical/linear_kernels.hpp"

namespace thimble::classical {

/// The samples of a block, for whom the loss is asked.
struct BlockRows {
  std::size_t begin;  ///< a multiple of kBlockRows
  std::size_t size;   ///< at most kBlockRows
};

class LinearPass {
 public:
  /// @param features  must outlive this
  /// @param outputs   rows of the weights
  /// @param constant  value of one more feature, the last, which carries the intercept; 0: none
  LinearPass(const Features& features, std::size_t outputs, float constant);

  std::size_t outputs() const { return outputs_; }
  /// Weights of one output, with that of the constant feature.
  std::size_t inputs() const { return inputs_; }
  std::size_t size() const { return features_.size(); }

  /// Told of a block's decisions z, Number [outputs, kBlockRows]; replaces them by what the samples
  /// are to be weighted with, and adds to `values`. Called for several blocks at once.
  template <class Number>
  using Loss = std::function<void(BlockRows rows, Number* z, std::span<double> values)>;

  /// sums[c, j] = sum_i r[c, i] x[i, j], where r is what `loss` makes of z = weights x.
  /// @param weights  double [outputs, inputs]
  /// @param sums     double [outputs, inputs]
  /// @param values   what `loss` has added up
  template <class Number>
  void run(std::span<const double> weights, const Loss<Number>& loss, std::span<double> sums,
           std::span<double> values);

  /// sums[c, j] = sum_i r[c, i] x[i, j]^2, where `weigh` writes r.
  void sum_squares(const std::function<void(BlockRows rows, float* r)>& weigh,
                   std::span<double> sums);

  /// Calls `take` with the decisions of every block, for several blocks at once.
  void decide(std::span<const double> weights,
              const std::function<void(BlockRows rows, const float* z)>& take) const;

 private:
  template <class Number>
  struct Scratch;
  template <class Number>
  AlignedArray<Number> padded(std::span<const double> weights) const;
  template <class Number>
  void load(BlockRows rows, Scratch<Number>& scratch) const;
  /// Sums over all blocks, in which `weigh` makes scratch.z of scratch.x.
  template <class Number, class Weigh>
  void sum_blocks(const Weigh& weigh, std::span<double> sums, std::span<double> values);

  const Features& features_;
  std::size_t outputs_;
  std::size_t inputs_;
  float constant_;
  std::size_t padded_outputs_;
  std::size_t padded_inputs_;
  std::vector<double> run_sums_;  ///< kept between passes: fresh memory costs more than the sums
};

}  // namespace thimble::classical
