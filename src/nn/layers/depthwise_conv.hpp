// Depthwise convolution: a kernel for each channel. Chollet, "Xception", arXiv 1610.02357.

#pragma once

#include "nn/layers/conv.hpp"

namespace thimble::nn {

LayerKind depthwise_conv_kind();

/// A convolution with as many groups, and output channels, as the map has channels.
class DepthwiseConv final : public Conv {
 public:
  struct Options {
    SlidingWindow window{};
    bool bias = true;
  };

  /// @throws UsageError  if the window is impossible or does not fit into the map
  DepthwiseConv(const LayerInput& input, const Options& options);

  std::string line() const override;
};

}  // namespace thimble::nn
