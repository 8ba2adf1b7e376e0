// The gradient of a convolution's weights on AMX.
//
//     dW[tap][in][out] = sum over pictures and over the positions q of the output
//                        of x[p(q, tap)][in] dy[q][out]
//
// is a product whose depth is the pictures: 32 of them, one block, are one tile's. x is transposed
// for it, to [position][channel][picture], and dy lies in pairs of pictures.

#pragma once

#include <cstddef>
#include <vector>

#include "nn/engine/amx/product.hpp"
#include "nn/engine/program.hpp"

namespace thimble::nn::amx {

class WeightsGradient {
 public:
  WeightsGradient(const Maps& source, const Maps& target, const SlidingWindow& window);
  /// Of a convolution of pictures (Product::pictures()).
  WeightsGradient(const Shape& source, const Maps& target, const SlidingWindow& window);

  /// @param source    bf16: maps, or pictures with their borders
  /// @param gradient  bf16, with respect to the target's maps
  /// @param weights   fp32, in the form of WeightsShape or PictureWeights; filled
  void run(const Bf16* source, const Bf16* gradient, float* weights);

 private:
  /// One step along the depth: a block's pictures at one position of the target.
  struct Step {
    std::uint32_t target;
    std::uint32_t source[3];
  };
  /// Taps whose sums are gathered together: one, or up to three where a source has 16 channels, so
  /// that there are sums enough to keep the multiplier busy.
  struct Group {
    int tap = 0;
    int taps = 1;
    std::vector<Step> steps;            // by target
    std::vector<std::uint32_t> of_row;  // first step of a row of the target; and their number
  };
  struct Rows {
    int begin;
    int end;
  };
  friend struct GradientLoops;

  /// Memory that grows when more is asked for.
  class Buffer {
   public:
    /// At least so many values; what was in it may be lost.
    template <class Value>
    Value* of(std::size_t values) {
      if (block_.size() < values * sizeof(Value)) block_ = Block(values * sizeof(Value));
      return reinterpret_cast<Value*>(block_.data());
    }

   private:
    Block block_;
  };
  struct ThreadBuffers {
    Buffer source, gradient, turned;  // laid out; the first thread's serve all in run_by_tiles()
    Buffer sums;
  };

  void plan(const Maps& target, const SlidingWindow& window);
  bool by_tiles() const;
  /// Rows of the source that rows of the target meet.
  Rows met(Rows target) const;
  void run_by_rows(const Bf16* source, const Bf16* gradient, float* weights);
  void rows_of_block(const Bf16* source, const Bf16* gradient, std::size_t block, Rows target,
                     ThreadBuffers& buffers, float* sums) const;
  void run_by_tiles(const Bf16* source, const Bf16* gradient, float* weights);

  Maps source_, target_;
  SlidingWindow window_;
  WeightsShape shape_;
  std::vector<Group> groups_;
  int rows_ = 1;  // of the target that are laid out at a time
  // Pictures that lie one after another: values from picture to picture and from row to row.
  int picture_channels_ = 0;
  std::size_t picture_ = 0, picture_row_ = 0;

  std::vector<ThreadBuffers> buffers_;
};

}  // namespace thimble::nn::amx
