// The AVX-512 loops of pooled_convolution.cpp, over a range of the pictures of a batch. Gradients
// of weights and bias are added to what the buffers hold.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nn/engine/pooled_convolution.hpp"

namespace thimble::nn::avx512 {

struct Range {
  std::size_t begin;
  std::size_t end;
};

/// Memory that a thread needs, kept between calls.
struct Scratch {
  explicit Scratch(const PooledConvolution& shape);

  /// A gradient entry that is not 0, and where its window begins in the padded source.
  struct Entry {
    float value;
    std::int32_t offset;
  };
  std::vector<float> plane;    // a padded picture of the first layer
  std::vector<Entry> entries;  // [out_channels, pooled positions]
  std::vector<int> counts;     // [out_channels]
  std::vector<float> source;   // [padded positions, 32 or 16]
  std::vector<float> source_gradient;
};

void first_forward(const PooledConvolution& shape, bool bf16, const void* source,
                   const float* weights, const float* bias, void* out, std::uint8_t* winner,
                   Range pictures, Scratch& scratch);

void first_backward(const PooledConvolution& shape, bool bf16, const void* source, const void* y,
                    const void* gradient, const std::uint8_t* winner, Range pictures,
                    Scratch& scratch, float* weights_gradient, float* bias_gradient);

void sparse_backward(const PooledConvolution& shape, bool bf16, const void* source,
                     const float* weights, const void* y, const void* gradient,
                     const std::uint8_t* winner, Range pictures, Scratch& scratch,
                     void* source_gradient, float* weights_gradient, float* bias_gradient);

}  // namespace thimble::nn::avx512
