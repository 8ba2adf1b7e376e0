// What linear models lose on a block of samples, with first and second derivatives.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "classical/linear_pass.hpp"

namespace thimble::classical {

/// Labels as the loss sees them: indices of outputs, and how much each sample counts.
struct LossTargets {
  std::vector<std::int32_t> labels;   ///< [n]
  std::vector<double> class_weights;  ///< of the samples of each label
  std::size_t size() const { return labels.size(); }
};

/// A sum over samples of a convex function of their decisions z.
class LinearLoss {
 public:
  virtual ~LinearLoss() = default;

  virtual std::size_t outputs() const = 0;
  /// 1, or outputs() where the loss is a sum of one function of each output.
  virtual std::size_t groups() const = 0;
  /// True if adding the same number to all of a sample's decisions changes nothing.
  virtual bool shift_invariant() const = 0;

  /// Adds the block's loss to `values` [groups] and replaces z by its derivative. Remembers the
  /// second derivative.
  virtual void evaluate(BlockRows rows, double* z, std::span<double> values) = 0;
  /// Replaces z by the remembered second derivative times z.
  virtual void curve(BlockRows rows, float* z) const = 0;
  /// The second derivative's diagonal entry of an output and a sample.
  virtual float curvature(std::size_t output, std::size_t sample) const = 0;

  /// The same for a block, float [outputs, kBlockRows].
  void curvatures(BlockRows rows, float* out) const {
    for (std::size_t c = 0; c < outputs(); ++c) {
      for (std::size_t r = 0; r < rows.size; ++r) {
        out[c * kBlockRows + r] = curvature(c, rows.begin + r);
      }
    }
  }
};

/// Log-loss of the softmax of the decisions, one output a class.
std::unique_ptr<LinearLoss> make_softmax_loss(LossTargets targets);

/// One-vs-rest squared hinge loss: max(0, 1 - s z)^2 for every class, where s is 1 for its samples
/// and -1 for the others. With two classes there is one output, for the second. With more, a
/// class's weight counts for its own output alone, as in LIBLINEAR.
std::unique_ptr<LinearLoss> make_squared_hinge_loss(LossTargets targets);

}  // namespace thimble::classical
