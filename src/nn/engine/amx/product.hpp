// Convolutions and what is computed like them (gradients of their sources, dense layers), on AMX.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nn/engine/amx/layout.hpp"
#include "nn/engine/amx/taps.hpp"

namespace thimble::nn::amx {

/// Sums and sums of squares of channels, gathered by several threads and added up in the order of
/// the threads.
class ChannelSums {
 public:
  /// Zeroes the sums of `threads` threads.
  void begin(int threads, int channels);
  double* of_thread(int thread) {
    return sums_.data() +
           static_cast<std::size_t>(thread) * 2 * static_cast<std::size_t>(channels_);
  }
  /// Adds up: [2][channels], first the sums, then the others.
  const double* total();

 private:
  int channels_ = 0;
  std::vector<double> sums_;
};

/// What is done with the sums of a product, in this order; what is null or false is left out.
struct ProductOutput {
  const float* scale = nullptr;  ///< fp32 [channels]: sum * scale + bias; with `bias`
  const float* bias = nullptr;   ///< fp32 [channels]
  bool scale_before_pool = false;
  bool relu = false;
  const Bf16* addend = nullptr;  ///< like `out`
  bool relu_at_end = false;      ///< behind the addend
  Bf16* out = nullptr;           ///< maps of the product, or pooled ones; null: none
  float* floats = nullptr;       ///< fp32 [batch][float_channels] of maps of one position
  int float_channels = 0;
  std::uint8_t* winner = nullptr;     ///< with `pooled`: like `out`, 2 * row + column
  ChannelSums* statistics = nullptr;  ///< of `out` before it is rounded
};

/// Whether a convolution of pictures of so many channels can read them as they are.
inline bool suits_picture(int channels, const SlidingWindow& window) {
  return window.kernel.width * channels <= kDepth;
}

/// A product prepared: for each position of the output the tiles of source and weights that it
/// adds up.
class Product {
 public:
  /// A convolution.
  /// @param pooled  only the largest of each 2x2 positions is put out
  static Product forward(const Maps& source, const Maps& target, const SlidingWindow& window,
                         bool pooled);
  /// The gradient of a convolution's source. Weights are those of pack_backward().
  static Product backward(const Maps& source, const Maps& target, const SlidingWindow& window);
  /// A convolution of pictures that lie one after another, bf16 [batch, in whole blocks][height +
  /// 2 pad][width + 2 pad][channels], and behind the last a tile's row of numbers that are finite.
  /// Kernel width times channels is at most 32. Weights are those of pack_pictures().
  static Product pictures(const Shape& source, const Maps& target, const SlidingWindow& window,
                          bool pooled);

  const Maps& out() const { return out_; }
  /// Values of the source, without what is to lie behind pictures.
  std::size_t source_size() const { return out_.blocks() * source_block_; }

  /// @param source   bf16, the source's maps
  /// @param weights  packed
  void run(const Bf16* source, const Bf16* weights, const ProductOutput& output) const;

 private:
  friend struct ProductLoops;

  TapTable taps_;
  Maps target_;  // positions of the products
  Maps out_;     // the same, or pooled
  bool pooled_ = false;
  std::ptrdiff_t row_stride_ = 0;  // bytes from picture to picture of the source
  std::size_t source_block_ = 0;   // values from block to block of the source
  int depth_ = kDepth;
  int pieces_ = 1;
};

/// Weights of a convolution as they are kept and updated: fp32
/// [kernel height][kernel width][in / 16][out / 16][16 in][16 out], channels padded with zeros.
struct WeightsShape {
  int taps = 1;
  int in = 0;   ///< padded
  int out = 0;  ///< padded
  std::size_t size() const {
    return static_cast<std::size_t>(taps) * static_cast<std::size_t>(in) *
           static_cast<std::size_t>(out);
  }
};

/// bf16 tiles for Product::forward(), as many values.
void pack_forward(const WeightsShape& shape, const float* weights, Bf16* packed);
/// bf16 tiles for Product::backward(), as many values.
void pack_backward(const WeightsShape& shape, const float* weights, Bf16* packed);

/// Weights of a convolution of pictures, kept as fp32 [rows / 16][out / 16][16][16], the rows in
/// the order channels, height, width, padded with zeros to a multiple of 16.
struct PictureWeights {
  int channels = 1;
  Extent kernel;
  int out = 0;  ///< padded
  int rows() const { return channels * kernel.height * kernel.width; }
  int padded_rows() const { return padded_channels(rows()); }
  /// bf16 values of a row of the kernel, even.
  int depth() const { return (kernel.width * channels + 1) / 2 * 2; }
  std::size_t packed_size() const {
    return static_cast<std::size_t>(kernel.height * depth()) * static_cast<std::size_t>(out);
  }
};
void pack_pictures(const PictureWeights& shape, const float* weights, Bf16* packed);

}  // namespace thimble::nn::amx
