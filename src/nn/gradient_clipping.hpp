// Limits on gradients, as torch.nn.utils.clip_grad_value_ and clip_grad_norm_ set them.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace thimble::nn {

/// Clips every entry to [-limit, limit]; NaN stays NaN.
void clip_by_value(std::span<float> gradients, float limit);

/// Scales gradients whose L2 norm is above a limit.
class NormClipper {
 public:
  /// @param limit  largest norm, above 0
  /// @param size   number of gradients
  NormClipper(double limit, std::size_t size);

  /// Multiplies `gradients`, float32 [size], by limit / (norm + 1e-6) where that is below 1, and
  /// returns the norm. The sum is built per block of fixed size, so its value does not depend on
  /// the number of threads. As in PyTorch, a NaN makes all gradients NaN, and an infinity makes
  /// itself NaN and the others 0.
  double clip(std::span<float> gradients);

 private:
  double limit_;
  std::vector<double> block_sums_;
};

}  // namespace thimble::nn
