// What follows a product in training, carried out in passes over its maps:
//
//     [max pool 2x2]  [batch norm]  [ReLU]  [max pool 2x2]  [residual add]
//
// The first max pool belongs to the product itself (Product::forward(), pooled). With batch norm a
// pass forward normalises; without, ReLU too is the product's. A pass backward turns the gradient
// of what comes out at the end into that of the product's sums.

#pragma once

#include <cstdint>
#include <vector>

#include "nn/engine/amx/product.hpp"

namespace thimble::nn::amx {

struct Tail {
  bool pool_first = false;
  bool norm = false;
  bool relu = false;
  bool pool_last = false;  ///< not with pool_first
};

/// Batch norm's numbers for one batch, fp32 [channels] each, channels padded.
struct NormStatistics {
  explicit NormStatistics(int channels);
  std::vector<float> mean, variance;  // of the batch, biased
  std::vector<float> scale, shift;    // normalised: value * scale + shift
  std::vector<float> inverse_deviation;
};

/// Fills in what a batch gives, from the sums that Product::run() gathered.
/// @param count  values a channel
/// @param scale, shift  the layer's parameters, fp32 [channels] unpadded
void take_statistics(ChannelSums& sums, double count, int channels, double epsilon,
                     const float* scale, const float* shift, NormStatistics& statistics);

/// Batch norm and what follows it, forward.
///
/// @param maps    of the product
/// @param source  bf16, what the product put out
/// @param addend  bf16 like `out`, or null
/// @param out     bf16, like `maps`, or half as high and wide
/// @param winner  uint8 like `out`, with tail.pool_last: 2 * row + column
void tail_forward(const Maps& maps, const Tail& tail, const NormStatistics& statistics,
                  const Bf16* source, const Bf16* addend, Bf16* out, std::uint8_t* winner);

/// What the passes backward read.
struct TailGradient {
  const Bf16* gradient = nullptr;        ///< of what came out, like it
  const Bf16* source = nullptr;          ///< what the product put out; with batch norm
  const Bf16* out = nullptr;             ///< what came out; with ReLU and without batch norm
  const std::uint8_t* winner = nullptr;  ///< with a max pool
};

/// The two sums that batch norm's backward needs, of the gradient g behind it and of
/// g * (source - mean): batch norm's own gradients are the first and, times the inverse deviation,
/// the second.
/// @param maps  what batch norm works on
void tail_sums(const Maps& maps, const Tail& tail, const NormStatistics& statistics,
               const TailGradient& from, ChannelSums& sums);

/// The gradient of the product's sums, some rows of a block at a time.
class TailBackward {
 public:
  /// All that is borrowed must outlive it.
  /// @param maps   of the product's sums, before any pooling
  /// @param sums   of tail_sums(), with batch norm
  /// @param count  values a channel that batch norm normalised
  /// @param bias   without batch norm: gathers the sums that are the bias's gradient; or null
  TailBackward(const Maps& maps, const Tail& tail, const NormStatistics* statistics,
               ChannelSums* sums, double count, const TailGradient& from, ChannelSums* bias);

  /// Two with pooling: rows() begins at multiples of it.
  int rows_at_a_time() const { return tail_.pool_first || tail_.pool_last ? 2 : 1; }

  /// @param out  bf16 [end - begin][width][32][channels]: those rows of a block
  void rows(int thread, std::size_t block, int begin, int end, Bf16* out) const;

 private:
  const Maps& maps_;
  const Tail& tail_;
  const NormStatistics* statistics_;
  const TailGradient from_;
  ChannelSums* bias_;
  std::vector<float> slope_, offset_;  // of batch norm's source: scale g + slope source + offset
};

/// All rows.
/// @param out  bf16, like `maps`
void tail_backward(const Maps& maps, const Tail& tail, const NormStatistics* statistics,
                   ChannelSums* sums, double count, const TailGradient& from, ChannelSums* bias,
                   Bf16* out);

}  // namespace thimble::nn::amx
