#include "nn/engine/pooled_convolution.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "base/parallel.hpp"
#include "nn/engine/pooled_convolution_avx512.hpp"

namespace thimble::nn {
namespace {

// Source and its gradient, fp32, for 32 channels at a time.
constexpr std::size_t kLargestScratchBytes = 512 * 1024;

/// Sums of the gradients, one block a thread, added up in the order of the threads so that the same
/// number of threads gives the same bits.
class PartialSums {
 public:
  PartialSums(std::size_t weights, std::size_t biases)
      : weights_(weights),
        size_(weights + biases),
        sums_(size_ * static_cast<std::size_t>(thread_count())) {}

  float* weights(int range) { return sums_.data() + static_cast<std::size_t>(range) * size_; }
  float* bias(int range) { return weights(range) + weights_; }

  void reduce(float* weights_gradient, float* bias_gradient) {
    const auto blocks = sums_.size() / size_;
    for (std::size_t i = 0; i < size_; ++i) {
      float sum = 0;
      for (std::size_t b = 0; b < blocks; ++b) sum += sums_[b * size_ + i];
      (i < weights_ ? weights_gradient[i] : bias_gradient[i - weights_]) = sum;
    }
  }

 private:
  std::size_t weights_;
  std::size_t size_;
  std::vector<float> sums_;
};

}  // namespace

bool has_pooled_convolution() { return avx512::available(); }

bool suits_sparse_backward(const PooledConvolution& shape) {
  const auto positions = static_cast<std::size_t>(shape.height + 2 * shape.pad) *
                         static_cast<std::size_t>(shape.width + 2 * shape.pad);
  return shape.in_channels % 16 == 0 && positions * 32 * 2 * sizeof(float) <= kLargestScratchBytes;
}

void pooled_convolution_forward(const PooledConvolution& shape, DataType type, const void* source,
                                const float* weights, const float* bias, void* out,
                                std::uint8_t* winner) {
  parallel_for(static_cast<std::size_t>(shape.batch), 1, [&](std::size_t begin, std::size_t end) {
    avx512::first_forward(shape, type == DataType::bf16, source, weights, bias, out, winner,
                          {begin, end});
  });
}

void pooled_convolution_backward(const PooledConvolution& shape, DataType type, const void* source,
                                 const void* y, const void* gradient, const std::uint8_t* winner,
                                 float* weights_gradient, float* bias_gradient) {
  const auto channels = static_cast<std::size_t>(shape.out_channels);
  PartialSums sums(9 * channels, channels);
  parallel_for_indexed(
      static_cast<std::size_t>(shape.batch), 1, [&](int range, std::size_t begin, std::size_t end) {
        avx512::first_backward(shape, type == DataType::bf16, source, y, gradient, winner,
                               {begin, end}, sums.weights(range), sums.bias(range));
      });
  sums.reduce(weights_gradient, bias_gradient);
}

void sparse_convolution_backward(const PooledConvolution& shape, DataType type, const void* source,
                                 const float* weights, const void* y, const void* gradient,
                                 const std::uint8_t* winner, void* source_gradient,
                                 float* weights_gradient, float* bias_gradient) {
  const auto channels = static_cast<std::size_t>(shape.out_channels);
  PartialSums sums(9 * channels * static_cast<std::size_t>(shape.in_channels), channels);
  parallel_for_indexed(
      static_cast<std::size_t>(shape.batch), 1, [&](int range, std::size_t begin, std::size_t end) {
        avx512::SparseScratch scratch(shape);
        avx512::sparse_backward(shape, type == DataType::bf16, source, weights, y, gradient, winner,
                                {begin, end}, scratch, source_gradient, sums.weights(range),
                                sums.bias(range));
      });
  sums.reduce(weights_gradient, bias_gradient);
}

}  // namespace thimble::nn
