// Known architectures, by name, and what can be varied of them.

#pragma once

#include <string>
#include <vector>

namespace thimble::nn {

/// What can be varied of an architecture; only the keys that architecture_keys() names for it mean
/// something.
///
/// A stage is the convolutions at one size of map. Each stage but the first begins by making the
/// maps half as large.
struct ArchitectureOptions {
  std::vector<int> stage_widths{};  ///< channels of each stage
  /// Convolutions of each stage: one number for all, or one a stage; empty: as the architecture has
  /// them for so many stages.
  std::vector<int> stage_depth{};
  std::string pooling = "max";         ///< between stages: "max" or "avg", 2x2
  std::string global_pooling = "max";  ///< behind the last stage: "max" or "avg"
  std::string activation = "relu";     ///< "relu" or "gelu"
  std::vector<int> hidden{};           ///< features of the hidden dense layers
  double dropout = 0;                  ///< probability of a zero
  std::string stem = "imagenet";       ///< resnet18: "imagenet" or "small"
};

/// The options of each architecture:
///
/// - `mlp`: dense layers `hidden` (512, 256), each with its activation and `dropout` (0.2)
/// - `keras-cnn`: the network of Keras' "Simple MNIST convnet" tutorial (F. Chollet, 2015) with a
///   dense layer of 128: stages of one convolution 3x3 without padding (32, 64), pooling behind
///   each, `dropout` (0.5), then `hidden` (128): 225,034 parameters on 28x28 grey pictures of 10
///   classes
/// - `resnet9`: stages 32, 64, 128, 256 with 1, 3, 1, 3 convolutions, after D. Page, "How to train
///   your ResNet" (2018): pooling behind a stage's first convolution, then residual blocks of two;
///   1.65 million parameters
/// - `cnn`: Thimble's default: stages 16, 32, 64, 128 with 2, 1, 1, 2 convolutions; a stage's first
///   convolution is pooled before its batch norm; 249 thousand parameters, 28 MFLOP
/// - `resnet18`: K. He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, with
///   torchvision's layout: stages 64, 128, 256, 512 of two basic blocks (4 convolutions; 6, 8, 12,
///   6 make ResNet-34), shortcuts by projection where the shape changes; 11.7 million parameters.
///   The stem "imagenet" is a convolution 7x7 of stride 2 and a max pool 3x3 of stride 2; "small",
///   for pictures of less than about 64 pixels, is a convolution 3x3 of stride 1 alone
///
/// @throws UsageError  if there is no architecture of that name; suggests the nearest
ArchitectureOptions architecture_defaults(const std::string& name);

/// The names of the options that an architecture has, as they are written in recipes.
const std::vector<std::string>& architecture_keys(const std::string& name);

/// All keys that some architecture has.
std::vector<std::string> all_architecture_keys();

/// `options` with a depth for every stage.
/// @throws UsageError  naming the recipe's key ("model.stage_depth") if a value is out of range or
///                     the lists do not suit each other
ArchitectureOptions checked(const std::string& name, ArchitectureOptions options);

/// The layers of an architecture, as lines for Graph::parse (nn/graph.hpp).
std::vector<std::string> architecture_lines(const std::string& name);
std::vector<std::string> architecture_lines(const std::string& name,
                                            const ArchitectureOptions& options);

std::vector<std::string> architecture_names();

}  // namespace thimble::nn
