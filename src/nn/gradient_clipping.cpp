#include "nn/gradient_clipping.hpp"

#include <algorithm>
#include <cmath>

#include "base/parallel.hpp"
#include "base/simd.hpp"
#include "nn/blocks.hpp"

namespace thimble::nn {
namespace {

constexpr std::size_t kSumBlock = 16384;

THIMBLE_SIMD_CLONES
void clip_range(float* __restrict g, std::size_t n, float limit) {
  for (std::size_t i = 0; i < n; ++i) {
    const float above = g[i] < -limit ? -limit : g[i];
    g[i] = above > limit ? limit : above;
  }
}

THIMBLE_SIMD_CLONES
void scale_range(float* __restrict g, std::size_t n, float factor) {
  for (std::size_t i = 0; i < n; ++i) g[i] *= factor;
}

// A square of a float is exact in double.
THIMBLE_SIMD_CLONES
double sum_of_squares(const float* g, std::size_t n) {
  constexpr std::size_t kLanes = 16;  // sums side by side, so that additions need not wait
  double lanes[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const double value = g[i + lane];
      lanes[lane] += value * value;
    }
  }
  for (; i < n; ++i) lanes[0] += static_cast<double>(g[i]) * g[i];
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

}  // namespace

void clip_by_value(std::span<float> gradients, float limit) {
  parallel_blocks(gradients.size(), [&](std::size_t begin, std::size_t end) {
    clip_range(gradients.data() + begin, end - begin, limit);
  });
}

NormClipper::NormClipper(double limit, std::size_t size)
    : limit_(limit), block_sums_((size + kSumBlock - 1) / kSumBlock) {}

double NormClipper::clip(std::span<float> gradients) {
  parallel_for(block_sums_.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t block = begin; block < end; ++block) {
      const std::size_t first = block * kSumBlock;
      block_sums_[block] =
          sum_of_squares(gradients.data() + first, std::min(kSumBlock, gradients.size() - first));
    }
  });
  double sum = 0;
  for (const double block_sum : block_sums_) sum += block_sum;
  const double norm = std::sqrt(sum);
  const double factor = limit_ / (norm + 1e-6);
  if (factor >= 1) return norm;
  parallel_blocks(gradients.size(), [&](std::size_t begin, std::size_t end) {
    scale_range(gradients.data() + begin, end - begin, static_cast<float>(factor));
  });
  return norm;
}

}  // namespace thimble::nn
