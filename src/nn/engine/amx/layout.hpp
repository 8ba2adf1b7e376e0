// How maps and weights lie in memory for AMX.
//
// A tile is 16 rows of 64 bytes, and a product of tiles takes 16 rows of one operand at a time. So
// the pictures of a batch are the rows: maps lie in blocks of 32 pictures, two tiles,
//
//     bf16 [blocks][height][width][32 pictures][channels],
//
// and what a position of the output takes from a position of the input is a product of whole
// tiles. Where the kernel hangs over the border it is left out instead of multiplied with zeros,
// maps of any size waste nothing, and whatever works on single values needs no knowledge of it.
// Channels come in 16, or multiples of 32; those that pad them are zero.

#pragma once

#include <cstddef>
#include <cstdint>

#include "nn/engine/bf16.hpp"
#include "nn/shape.hpp"

namespace thimble::nn::amx {

using nn::Bf16;

constexpr int kBlock = 32;     ///< pictures of a block
constexpr int kTileRows = 16;  ///< of a tile; also its columns where they are fp32
constexpr int kDepth = 32;     ///< bf16 values that a product of tiles adds up

/// Channels as they lie in memory.
constexpr int padded_channels(int channels) {
  return channels <= kTileRows ? kTileRows : (channels + kDepth - 1) / kDepth * kDepth;
}

/// A batch of maps.
struct Maps {
  int batch = 0;
  int channels = 0;  ///< padded
  int height = 1;
  int width = 1;

  static Maps of(const Shape& shape, int batch) {
    return {batch, padded_channels(shape.channels), shape.height, shape.width};
  }
  std::size_t blocks() const { return (static_cast<std::size_t>(batch) + kBlock - 1) / kBlock; }
  std::size_t positions() const {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  }
  /// Values of all pictures of a block at one position.
  std::size_t position_size() const {
    return std::size_t{kBlock} * static_cast<std::size_t>(channels);
  }
  std::size_t block_size() const { return positions() * position_size(); }
  std::size_t size() const { return blocks() * block_size(); }
  /// Pictures of a block; the last one may hold less than 32.
  int pictures(std::size_t block) const {
    const int left = batch - static_cast<int>(block) * kBlock;
    return left < kBlock ? left : kBlock;
  }
  bool operator==(const Maps&) const = default;
};

}  // namespace thimble::nn::amx
