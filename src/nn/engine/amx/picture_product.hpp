// A product over one picture: what picture_network.cpp runs for convolutions and dense layers.

#pragma once

#include <vector>

#include "nn/engine/amx/picture_network.hpp"
#include "nn/engine/amx/taps.hpp"

namespace thimble::nn::amx {

struct PictureProduct {
  PictureMap source;  // of the picture itself: its channels are not padded
  PictureMap out;
  std::size_t first_channel = 0;  // of the output's channels, where it puts out only some
  int channels = 0;               // that it puts out, padded
  int height = 1, width = 1;      // positions of the product, as far as pooling uses them
  Extent stride;
  std::size_t first = 0;  // values of the source's buffer before the first position's first tap
  int depth = kDepth;
  int pieces = 1;
  std::vector<Tap> taps;
  std::vector<Bf16> weights;
  PictureTail tail;
  bool to_floats = false;  // into the workspace's `out` instead

  void run(PictureWorkspace& workspace) const;
  /// The same for 32 pictures, by a product of as many positions.
  /// @param outputs  channels without padding
  void run_block(const Product& product, int outputs, PictureWorkspace& workspace) const;
  /// Multiplications that it takes.
  std::int64_t products() const {
    return std::int64_t{1} * height * width * channels * depth * pieces *
           static_cast<std::int64_t>(taps.size());
  }
};

}  // namespace thimble::nn::amx
