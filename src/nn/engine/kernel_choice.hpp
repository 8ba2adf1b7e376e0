// Which kernels and layouts networks get, by instruction set: the one place that decides.

#pragma once

#include <cstdint>

#include "base/isa.hpp"

namespace thimble::nn {

struct KernelChoice {
  /// Training in bf16 on maps in blocks of 32 pictures (nn/engine/amx); else in oneDNN's layouts.
  bool blocks_of_pictures = false;
  /// Training in oneDNN's layouts: convolution, ReLU and 2x2 max pooling as one operation
  /// (nn/engine/pooled_convolution.hpp).
  bool pooled_convolution = false;
  /// Prediction in bf16 picture by picture (amx::PictureNetwork), for networks of at most so many
  /// parameters; 0: none. Others are run by oneDNN.
  std::int64_t most_picture_parameters = 0;
};

/// Never by timing: the same machine is to give the same bytes twice.
const KernelChoice& kernel_choice(Isa isa = thimble::isa());

}  // namespace thimble::nn
