// A depthwise convolution over one picture: a kernel for each channel.

#pragma once

#include <span>
#include <vector>

#include "nn/engine/amx/picture_network.hpp"

namespace thimble::nn::amx {

struct PictureDepthwise {
  PictureMap source;
  PictureMap out;
  SlidingWindow window;
  int groups = 1;              // of 16 channels, the last padded
  std::vector<float> weights;  // [groups][taps][16]
  PictureTail tail;

  /// @param channels  without those that are padding
  /// @param declared  [channels, 1, kernel height, kernel width]
  /// @param tail      without pooling
  PictureDepthwise(const PictureMap& source, const PictureMap& out, int channels,
                   const SlidingWindow& window, std::span<const float> declared, PictureTail tail);

  void run(PictureWorkspace& workspace) const;
};

}  // namespace thimble::nn::amx
