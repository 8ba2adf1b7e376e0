// Which positions of one map meet which of another, through the taps of a kernel.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/engine/amx/layout.hpp"
#include "nn/shape.hpp"

namespace thimble::nn::amx {

/// Position `source` of the source meets position `target` of the target through `tap`, all
/// counted row by row.
struct Meeting {
  int target;
  int tap;
  int source;
};

/// Positions of a window's kernel.
inline int taps_of(const SlidingWindow& window) {
  return window.kernel.height * window.kernel.width;
}

/// Every meeting of a source map and the map that the window makes of it, by target, then by tap.
std::vector<Meeting> meetings(const Maps& source, const Maps& target, const SlidingWindow& window);

/// What a product adds up for an output position: tiles of a source with tiles of weights.
struct Tap {
  std::uint32_t source;   ///< values from the block's first
  std::uint32_t weights;  ///< values from the first weight
};

/// The taps of all output positions.
class TapTable {
 public:
  TapTable() = default;

  /// A convolution forward: outputs are positions of `target`.
  static TapTable forward(const Maps& source, const Maps& target, const SlidingWindow& window);
  /// The gradient of its source: outputs are positions of `source`, gathered from `target`.
  static TapTable backward(const Maps& source, const Maps& target, const SlidingWindow& window);
  /// A convolution of pictures that lie one after another, bf16 [height][width][channels] with
  /// their borders: a row of the kernel is one tap.
  /// @param row       values of a row of such a picture
  /// @param channels  of the picture
  /// @param weights   values of a tap's weights
  static TapTable pictures(const Maps& target, const SlidingWindow& window, std::size_t row,
                           int channels, std::size_t weights);

  std::span<const Tap> at(std::size_t position) const {
    return std::span(taps_).subspan(begins_[position], begins_[position + 1] - begins_[position]);
  }
  /// Whether a position takes what its neighbour takes, of places that are shifted, with the same
  /// weights.
  bool is_shifted(std::size_t at, std::size_t neighbour) const;

 private:
  std::vector<Tap> taps_;
  std::vector<std::uint32_t> begins_;
};

}  // namespace thimble::nn::amx
