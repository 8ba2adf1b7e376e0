// Element-wise loops that oneDNN does not offer, in fp32 and bf16, over all cores.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "nn/engine/bf16.hpp"
#include "nn/engine/onednn.hpp"

namespace thimble::nn {

/// Scales 8-bit pictures: out[b, c, y, x] = in[b, y, x, c] * scale[c] + shift[c].
///
/// @param in   uint8 [batch, height, width, channels]
/// @param out  `type` [batch, channels, height, width]
void scale_input(const std::uint8_t* in, int batch, const Shape& shape,
                 std::span<const float> scale, std::span<const float> shift, DataType type,
                 void* out);

/// Backward of ReLU from its output: out[i] = y[i] > 0 ? gradient[i] : 0. `out` may be `gradient`.
void relu_backward(const void* gradient, const void* y, std::size_t n, DataType type, void* out);

/// Dropout: out[i] = in[i] / (1 - rate), or 0 with probability `rate`. What is dropped depends on
/// (key, i) alone, so the backward pass is the same call on the gradient. `out` may be `in`.
void dropout(const void* in, std::size_t n, DataType type, double rate, std::uint64_t key,
             void* out);

/// What a sliding window sees, row by row ("im2col").
struct Window {
  int batch = 0, channels = 0, height = 0, width = 0;  ///< of the source
  Extent kernel, stride, pad;
  int out_height = 0, out_width = 0;

  std::size_t rows() const;     ///< batch * out_height * out_width
  std::size_t columns() const;  ///< kernel height * kernel width * channels
};

/// @param in   `type` [batch, height, width, channels]
/// @param out  `type` [rows(), columns()], 0 where the window hangs over the border
void unfold(const Window& window, const void* in, DataType type, void* out);

/// fp32 to `type`, rounding to nearest even.
void convert(const float* in, std::size_t n, DataType type, void* out);

}  // namespace thimble::nn
