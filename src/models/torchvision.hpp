// Published weights: a ResNet-18 as torchvision's `torchvision.models.resnet18` keeps it.
//
// Nothing is downloaded; the user brings a safetensors file with torchvision's names of tensors
// (conv1.weight, bn1.weight, ..., layer4.1.bn2.running_var, fc.weight, fc.bias).
// scripts/convert-torchvision makes one of a .pth file.

#pragma once

#include <string>

#include "models/model_file.hpp"
#include "models/transfer.hpp"

namespace thimble {

/// True if the tensors have torchvision's names, so that from_torchvision() is to be asked.
bool is_torchvision(const ModelFile& file);

/// A network to start from: pictures of 224x224 in colour, the classes of fc.weight, input scaling
/// (x / 255 - mean) / deviation with ImageNet's means 0.485, 0.456, 0.406 and deviations 0.229,
/// 0.224, 0.225. Other sizes and grey pictures are the matter of models/transfer.hpp.
/// Tensors named num_batches_tracked are ignored.
///
/// @param place  names the file in messages
/// @param stem   "imagenet": as published. "small", for pictures of less than about 64 pixels: a
///               convolution 3x3 of stride 1 takes the place of the first convolution, 7x7 of
///               stride 2, and of the max pool behind it. Its taps are sums over thirds of the
///               published kernel's height and width, taps on a border shared by overlap: what that
///               kernel gives for the picture enlarged 7/3 times.
/// @throws DataError   listing all tensors that are missing, of another shape or type, or unknown
/// @throws UsageError  if there is no such stem
InitialNetwork from_torchvision(const ModelFile& file, const std::string& place,
                                const std::string& stem = "imagenet");

}  // namespace thimble
