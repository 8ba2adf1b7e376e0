// The gradient of a convolution's weights on AMX.
//
//     dW[tap][in][out] = sum over pictures and over the positions q of the output
//                        of x[p(q, tap)][in] dy[q][out]
//
// is a product whose depth is the pictures: 32 of them, one block, are one tile's. x is transposed
// for it, to [position][channel][picture], and dy lies in pairs of pictures.

#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "nn/engine/amx/product.hpp"
#include "nn/engine/program.hpp"

namespace thimble::nn::amx {

class WeightsGradient {
 public:
  WeightsGradient(const Maps& source, const Maps& target, const SlidingWindow& window);
  /// Of a convolution of pictures (Product::pictures()).
  WeightsGradient(const Shape& source, const Maps& target, const SlidingWindow& window);

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
  /// Rows [begin, end) of a block of the target's gradient, bf16 [rows][width][32][channels]: where
  /// they lie, or in memory into which the function puts them. Rows begin at even numbers.
  using GradientRows =
      std::function<const Bf16*(int thread, std::size_t block, int begin, int end, Buffer& memory)>;

  /// @param source    bf16: maps, or pictures with their borders
  /// @param gradient  with respect to the target's maps
  /// @param weights   fp32, in the form of WeightsShape or PictureWeights; filled
  void run(const Bf16* source, const GradientRows& gradient, float* weights);
  /// The same for a gradient that lies in maps, bf16.
  void run(const Bf16* source, const Bf16* gradient, float* weights);

 private:
  /// A position that lies outside of the source.
  static constexpr std::uint32_t kOutside = 0xFFFFFFFF;

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

  struct ThreadBuffers {
    Buffer rows, source, gradient,
        turned;  // laid out but for the first; the first thread's serve all in run_by_tiles()
    Buffer sums;
  };

  void plan(const Maps& target, const SlidingWindow& window);
  bool by_tiles() const;
  /// Rows of the source that rows of the target meet.
  Rows met(Rows target) const;
  void run_by_rows(const Bf16* source, const GradientRows& gradient, float* weights);
  void rows_of_block(int thread, const Bf16* source, const GradientRows& gradient,
                     std::size_t block, Rows target, float* sums);
  void run_by_tiles(const Bf16* source, const GradientRows& gradient, float* weights);

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
