#include "nn/engine/pooled_convolution.hpp"

#include <deque>
#include <memory>
#include <vector>

#include "base/parallel.hpp"
#include "nn/engine/kernel_choice.hpp"
#include "nn/engine/pooled_convolution_avx512.hpp"

namespace thimble::nn {
namespace {

// Source and its gradient, fp32, for 32 channels at a time.
constexpr std::size_t kLargestScratchBytes = 512 * 1024;

}  // namespace

/// For each thread its working memory, and its sums of the gradients, which are added up in the
/// order of the threads so that the same number of threads gives the same bits.
struct PooledScratch::Impl {
  explicit Impl(const PooledConvolution& s)
      : shape(s),
        weights(std::size_t{9} * static_cast<std::size_t>(s.out_channels) *
                static_cast<std::size_t>(s.in_channels)),
        size(weights + static_cast<std::size_t>(s.out_channels)) {}

  /// To be called before a loop: takes more memory only if there are more threads than before.
  void begin() {
    const auto threads = static_cast<std::size_t>(thread_count());
    while (of_thread.size() < threads) of_thread.emplace_back(shape);
    sums.assign(size * threads, 0.0f);
  }
  float* weights_sum(int range) { return sums.data() + static_cast<std::size_t>(range) * size; }
  float* bias_sum(int range) { return weights_sum(range) + weights; }

  void reduce(float* weights_gradient, float* bias_gradient) const {
    for (std::size_t i = 0; i < size; ++i) {
      float sum = 0;
      for (std::size_t first = 0; first < sums.size(); first += size) sum += sums[first + i];
      (i < weights ? weights_gradient[i] : bias_gradient[i - weights]) = sum;
    }
  }

  PooledConvolution shape;
  std::size_t weights;
  std::size_t size;
  std::vector<float> sums;
  std::deque<avx512::Scratch> of_thread;
};

PooledScratch::PooledScratch(const PooledConvolution& shape)
    : impl_(std::make_unique<Impl>(shape)) {
  impl_->begin();
}

PooledScratch::~PooledScratch() = default;

bool has_pooled_convolution() { return kernel_choice().pooled_convolution; }

bool suits_sparse_backward(const PooledConvolution& shape) {
  const auto positions = static_cast<std::size_t>(shape.height + 2 * shape.pad) *
                         static_cast<std::size_t>(shape.width + 2 * shape.pad);
  return shape.in_channels % 16 == 0 && positions * 32 * 2 * sizeof(float) <= kLargestScratchBytes;
}

void pooled_convolution_forward(const PooledConvolution& shape, DataType type, const void* source,
                                const float* weights, const float* bias, void* out,
                                std::uint8_t* winner, PooledScratch& scratch) {
  PooledScratch::Impl& work = scratch.impl();
  work.begin();
  parallel_for_indexed(
      static_cast<std::size_t>(shape.batch), 1, [&](int range, std::size_t begin, std::size_t end) {
        avx512::first_forward(shape, type == DataType::bf16, source, weights, bias, out, winner,
                              {begin, end}, work.of_thread[static_cast<std::size_t>(range)]);
      });
}

void pooled_convolution_backward(const PooledConvolution& shape, DataType type, const void* source,
                                 const void* y, const void* gradient, const std::uint8_t* winner,
                                 float* weights_gradient, float* bias_gradient,
                                 PooledScratch& scratch) {
  PooledScratch::Impl& work = scratch.impl();
  work.begin();
  parallel_for_indexed(
      static_cast<std::size_t>(shape.batch), 1, [&](int range, std::size_t begin, std::size_t end) {
        avx512::first_backward(shape, type == DataType::bf16, source, y, gradient, winner,
                               {begin, end}, work.of_thread[static_cast<std::size_t>(range)],
                               work.weights_sum(range), work.bias_sum(range));
      });
  work.reduce(weights_gradient, bias_gradient);
}

void sparse_convolution_backward(const PooledConvolution& shape, DataType type, const void* source,
                                 const float* weights, const void* y, const void* gradient,
                                 const std::uint8_t* winner, void* source_gradient,
                                 float* weights_gradient, float* bias_gradient,
                                 PooledScratch& scratch) {
  PooledScratch::Impl& work = scratch.impl();
  work.begin();
  parallel_for_indexed(
      static_cast<std::size_t>(shape.batch), 1, [&](int range, std::size_t begin, std::size_t end) {
        avx512::sparse_backward(shape, type == DataType::bf16, source, weights, y, gradient, winner,
                                {begin, end}, work.of_thread[static_cast<std::size_t>(range)],
                                source_gradient, work.weights_sum(range), work.bias_sum(range));
      });
  work.reduce(weights_gradient, bias_gradient);
}

}  // namespace thimble::nn
