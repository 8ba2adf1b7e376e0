// Kernels for convolution 3x3, ReLU and 2x2 max pooling in a row, without batch norm between them.
//
// Max pooling lets the gradient of one position in four through, and ReLU (and dropout behind it)
// stops most of those. Working on the few entries left is exact and three times faster than the
// dense convolution backward; computing the pooled maximum at once spares the first layer, which
// has little arithmetic, most of its memory traffic.

#pragma once

#include <cstdint>
#include <memory>

#include "nn/engine/onednn.hpp"

namespace thimble::nn {

/// A convolution 3x3 of stride 1 whose output, with bias and ReLU, is pooled 2x2.
struct PooledConvolution {
  int batch = 0;
  int in_channels = 0;
  int height = 0, width = 0;  ///< of the source
  int pad = 0;                ///< 0 or 1
  int out_channels = 0;       ///< a multiple of 16

  int conv_height() const { return height + 2 * pad - 2; }
  int conv_width() const { return width + 2 * pad - 2; }
  int pooled_height() const { return conv_height() / 2; }
  int pooled_width() const { return conv_width() / 2; }
};

/// True if this processor runs the kernels (AVX-512).
bool has_pooled_convolution();

/// True if a source of several channels is small enough for the sparse backward pass to keep a
/// picture in the second-level cache, and its channels come in sixteens.
bool suits_sparse_backward(const PooledConvolution& shape);

/// Memory that the kernels of one layer work in, taken once for all steps.
class PooledScratch {
 public:
  explicit PooledScratch(const PooledConvolution& shape);
  ~PooledScratch();

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// First layer, forward. Sources of one channel only.
///
/// @param source   `type` [batch, 1, height, width]
/// @param weights  fp32 [3, 3, out_channels]
/// @param bias     fp32 [out_channels]
/// @param out      `type` [batch, out_channels / 16, pooled height, pooled width, 16]
/// @param winner   uint8, same order as `out`: where in its window the largest value was,
///                 2 * row + column
void pooled_convolution_forward(const PooledConvolution& shape, DataType type, const void* source,
                                const float* weights, const float* bias, void* out,
                                std::uint8_t* winner, PooledScratch& scratch);

/// First layer, backward: gradients of weights and bias.
///
/// @param y         what forward put out
/// @param gradient  with respect to `out`, same order
void pooled_convolution_backward(const PooledConvolution& shape, DataType type, const void* source,
                                 const void* y, const void* gradient, const std::uint8_t* winner,
                                 float* weights_gradient, float* bias_gradient,
                                 PooledScratch& scratch);

/// A layer behind others, backward: gradients of weights, bias and source.
///
/// @param source           `type` [batch, in_channels / 16, height, width, 16]
/// @param weights          fp32 [out_channels, 3, 3, in_channels]
/// @param y, gradient      `type` [batch, out_channels / 16, pooled height, pooled width, 16]: the
///                         pooled output and the gradient with respect to it
/// @param winner           uint8, same order: as above
/// @param source_gradient  `type`, same order as `source`; null: not wanted
void sparse_convolution_backward(const PooledConvolution& shape, DataType type, const void* source,
                                 const float* weights, const void* y, const void* gradient,
                                 const std::uint8_t* winner, void* source_gradient,
                                 float* weights_gradient, float* bias_gradient,
                                 PooledScratch& scratch);

}  // namespace thimble::nn
