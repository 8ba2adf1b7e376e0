// An approximate inverse of a linear model's Hessian, one block an output.
//
// A block is sum_i h_i x_i x_i^T + penalty, h_i being the loss's second derivative. Most samples
// have next to none, so a sample of a few times as many rows as there are features, drawn in
// proportion to h_i, tells almost as much as all of them. What it does not tell of features that
// hardly ever differ from 0, the diagonal does, which is known exactly.

#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "classical/features.hpp"
#include "classical/linear_loss.hpp"

namespace thimble::classical {

class LinearPreconditioner {
 public:
  /// @param features  must outlive this
  /// @param constant  value of one more feature, the last; 0: none
  /// @param penalty   what the penalty adds to the Hessian's diagonal, for each input of an output
  LinearPreconditioner(const Features& features, float constant, std::vector<double> penalty);

  /// Learns the Hessian where `loss` was last evaluated.
  /// @param diagonal  the Hessian's, without the penalty, double [outputs, inputs]
  /// @param draw      which sample of rows to draw
  /// @param check     called now and then; may throw
  void prepare(const LinearLoss& loss, std::span<const double> diagonal, std::uint64_t draw,
               const std::function<void()>& check);

  /// product = inverse Hessian v, for double [outputs, inputs]
  void apply(std::span<const double> v, std::span<double> product) const;

  /// What prepare() costs, in passes over all samples.
  double cost() const;

 private:
  struct Drawn;
  bool keeps_blocks(std::size_t outputs) const;
  std::size_t rows_wanted() const;
  Drawn draw_rows(const LinearLoss& loss, std::size_t output, std::uint64_t draw) const;
  void prepare_diagonal(std::span<const double> diagonal, std::span<float> inverse) const;
  void prepare_block(const Drawn& drawn, std::span<const double> diagonal,
                     std::span<float> triangle) const;

  const Features& features_;
  float constant_;
  std::vector<double> penalty_;
  std::size_t inputs_;
  std::size_t outputs_ = 0;
  std::vector<float> diagonals_;  ///< [outputs, inputs], inverse; where blocks would be too large
  /// Packed lower triangles L of each block's inverse L^T L, [outputs, inputs (inputs + 1) / 2].
  std::vector<float> triangles_;
};

}  // namespace thimble::classical
