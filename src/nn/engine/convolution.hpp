// Choosing oneDNN's convolution: layouts and algorithm.

#pragma once

#include "nn/engine/onednn.hpp"

namespace thimble::nn {

class Conv;

/// A convolution without layouts.
struct ConvolutionShape {
  Dims source, weights, bias, destination, strides, pads;
  bool has_bias = true;

  /// `weights` are [groups, out / groups, in / groups, h, w], without the first where groups = 1.
  static ConvolutionShape of(const Conv& layer, int batch);
};

/// @param source    the layout that the source has now; kept if a fast implementation takes it
/// @param training  false: forward_inference
dnnl::convolution_forward::primitive_desc choose_convolution(const ConvolutionShape& shape,
                                                             const Desc& source, DataType type,
                                                             bool training, bool relu);

dnnl::convolution_backward_weights::primitive_desc choose_convolution_backward_weights(
    const ConvolutionShape& shape, const Desc& source, const Desc& gradient, DataType type,
    const dnnl::convolution_forward::primitive_desc& forward);

dnnl::convolution_backward_data::primitive_desc choose_convolution_backward_data(
    const ConvolutionShape& shape, const Desc& source, const Desc& gradient, DataType type,
    const dnnl::convolution_forward::primitive_desc& forward);

/// True if the gradient of the weights is computed faster as one matrix product of the unfolded
/// source: bf16 convolutions of so small maps that oneDNN's kernel, which takes a picture at a
/// time, spends its time on loading sums. (3x3 maps of 256 channels: 46 us a picture against 14, 2
/// cores.)
bool suits_unfolding(const ConvolutionShape& shape, DataType type);

}  // namespace thimble::nn
