// Known architectures, by name.

#pragma once

#include <string>
#include <vector>

namespace thimble::nn {

/// The layers of a named architecture, as lines for Graph::parse (nn/graph.hpp):
///
/// - `mlp`: dense 512 and 256 with ReLU and dropout 0.2
/// - `keras-cnn`: the network of Keras' "Simple MNIST convnet" tutorial (F. Chollet, 2015) with a
/// dense
///   layer of 128: 225,034 parameters on 28x28 grey pictures of 10 classes
/// - `resnet9`: 32-64-pool-residual 64-128-pool-256-pool-residual 256, after D. Page, "How to train
///   your ResNet" (2018); 1.65 million parameters
/// - `cnn`: Thimble's default: two thin convolutions at full resolution, then pooling before batch
///   norm; 249 thousand parameters, 28 MFLOP
///
/// @throws UsageError  if there is no architecture of that name; suggests the nearest
std::vector<std::string> architecture_lines(const std::string& name);

std::vector<std::string> architecture_names();

}  // namespace thimble::nn
