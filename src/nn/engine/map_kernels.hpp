// Loops over the channels of maps in whatever layout oneDNN left them.

#pragma once

#include <cstddef>
#include <optional>

#include "nn/engine/onednn.hpp"

namespace thimble::nn {

/// Where a map's values lie: [batch, blocks, positions, block], `block` channels side by side.
///
/// Row-major maps have blocks of one channel, channels-last ones one block of all. Where the
/// channels do not fill the last block, its other values are 0 and must stay so.
struct MapLayout {
  std::size_t batch = 0;
  std::size_t channels = 0;
  std::size_t positions = 0;  ///< height * width
  std::size_t block = 1;

  /// Nothing if the values lie in another way.
  static std::optional<MapLayout> of(const Desc& desc);

  std::size_t blocks() const { return (channels + block - 1) / block; }
  /// Channels of a block that exist.
  std::size_t channels_of(std::size_t which) const;
  /// Values of a block in one sample: these lie side by side.
  std::size_t chunk() const { return positions * block; }
  /// Index of the first value of a block.
  std::size_t offset(std::size_t sample, std::size_t which) const {
    return (sample * blocks() + which) * chunk();
  }
};

/// `desc`, or the row-major layout where MapLayout cannot describe it.
Desc describable(const Desc& desc);

/// A place in a tensor of `type`.
inline const void* at(const void* data, std::size_t index, DataType type) {
  return static_cast<const std::byte*>(data) + index * element_size(type);
}
inline void* at(void* data, std::size_t index, DataType type) {
  return static_cast<std::byte*>(data) + index * element_size(type);
}

/// Sums over the positions of one chunk, a number a channel.
/// @param sums  fp32 [block]
void channel_sums(const MapLayout& layout, const void* chunk, DataType type, float* sums);
/// The same of products a[i] b[i].
void channel_products(const MapLayout& layout, const void* a, const void* b, DataType type,
                      float* sums);

/// out[i] = in[i] * scale[c] + shift[c] for one chunk.
/// @param scale, shift  fp32 [block]
void scale_channels(const MapLayout& layout, const void* in, const float* scale, const float* shift,
                    DataType type, void* out);

/// A vector's product with another, and out[i] += factor * in[i].
float dot(const float* a, const float* b, std::size_t n);
void add_scaled(const float* in, std::size_t n, float factor, float* out);

/// How many channels' sums a loop over a chunk keeps at a time: of row-major maps, whose channels
/// come one by one, so many partial sums of the one channel, because a loop with one sum is not
/// vectorised.
inline constexpr std::size_t kPartialSums = 16;

}  // namespace thimble::nn
