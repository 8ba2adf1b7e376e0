// Histograms of oriented gradients as nodes of an ONNX file.

#pragma once

#include <string>

#include "classical/hog.hpp"
#include "imaging/images.hpp"
#include "onnx/model_builder.hpp"

namespace thimble {

/// Without `interpolate`, a gradient that points exactly between two orientations may vote for the
/// other one than in the program: the angle's last bits decide.
/// @param pictures  uint8 [batch, height, width, channels]
/// @return          float32 [batch, hog.dims()]
std::string add_hog(onnx::ModelBuilder& builder, const classical::Hog& hog,
                    const PictureShape& shape, const std::string& pictures);

}  // namespace thimble
