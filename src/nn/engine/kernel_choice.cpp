#include "nn/engine/kernel_choice.hpp"

#include <array>
#include <limits>

namespace thimble::nn {

const KernelChoice& kernel_choice(Isa isa) {
  constexpr std::int64_t kAny = std::numeric_limits<std::int64_t>::max();
  // Vectors read the weights anew for every two rows of a map: they have to stay in a second-level
  // cache of a megabyte or more. Tiles are fast enough without.
  constexpr std::int64_t kOfOneMegabyte = 512 * 1024;
  static const std::array choices{
      //           blocks of pictures, pooled convolution, picture by picture
      KernelChoice{false, false, 0},              // portable
      KernelChoice{false, false, 0},              // avx2
      KernelChoice{false, true, 0},               // avx512
      KernelChoice{false, true, kOfOneMegabyte},  // avx512_bf16
      KernelChoice{true, true, kAny},             // amx
  };
  return choices[static_cast<std::size_t>(isa)];
}

}  // namespace thimble::nn
