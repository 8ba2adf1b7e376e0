// The declaration of a network: layers, how they are joined, and the shapes between them.
//
// A graph holds no numbers. Each layer can be written as one line of text, and a graph is its input
// shape plus those lines, which is how recipes and model files keep it:
//
// clang-format off
//     conv 32 3 stride=2 pad=1 groups=1 bias=false
//                                    32 kernels of 3x3; 3x5 works too, also for stride and pad
//     depthwise_conv 3 stride=1 pad=1 bias=false
//                                    a kernel for each channel
//     dense 128 bias=false           as many features; `classes`: as many as the data has
//     batch_norm epsilon=1e-5 momentum=0.1
//     max_pool 2                     windows of 2x2, side by side
//     max_pool 3 stride=2 pad=1
//     avg_pool 2                     as max_pool; what lies outside the map is left out
//     global_max_pool
//     global_avg_pool
//     gem_pool                       of whole maps, between mean and maximum: learns the exponent
//     squeeze_excite 4               scales channels by what channels / 4 hidden features make of
//                                    their means
//     relu
//     gelu
//     dropout 0.5                    the probability of a zero
//     flatten                        a map as a vector
//     mark NAME                      remembers this place
//     from NAME                      goes on from there instead of from the line before
//     add NAME                       residual: adds the value at that place
// clang-format on
//
// The kinds of layer are in nn/layers/, one file pair each.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nn/layer.hpp"
#include "nn/shape.hpp"

namespace thimble::nn {

/// A network's declaration, shape-checked while it is built.
class Graph {
 public:
  /// @throws UsageError  if the shape is empty or too large
  explicit Graph(Shape input);

  /// A graph from its lines; the word `classes` in place of a number means `class_count`.
  /// @throws UsageError  naming the line and what is wrong with it; shapes that do not fit give
  ///                     both shapes
  static Graph parse(Shape input, std::span<const std::string> lines, int class_count = 0);

  /// The lines that parse() turns back into this graph.
  std::vector<std::string> lines() const;

  /// The layers up to `last`, as a graph that ends with it.
  Graph up_to(int last) const;

  /// Adds a layer whose inputs are from this graph, gives it its name, and returns its index.
  int append(std::unique_ptr<Layer> layer);
  /// What a layer puts out, as the input of another.
  LayerInput value(int index) const;

  const std::vector<std::shared_ptr<const Layer>>& layers() const { return layers_; }
  const Layer& layer(int index) const { return *layers_.at(static_cast<std::size_t>(index)); }
  /// Shape of the input and of the last layer.
  const Shape& input() const { return layers_.front()->output(); }
  const Shape& output() const { return layers_.back()->output(); }

  /// The layer that alone takes this one's output, or -1 where there is none or more than one.
  int sole_consumer(int index) const;
  /// True if whatever takes this layer's output, through element-wise layers, is a fully connected
  /// layer or the end of the graph: then the order of its features in memory is free.
  bool only_feeds_dense(int index) const;

  /// All parameters, in the order of the layers.
  std::vector<ParameterDeclaration> parameters() const;

  /// Trained numbers (running statistics not counted).
  std::int64_t parameter_count() const;
  /// Floating-point operations of one sample's forward pass, a multiply-add counted as two.
  std::int64_t forward_flops() const;

  /// A table of layers with shapes, parameters, FLOPs and memory, with totals.
  std::string summary() const;

 private:
  std::vector<std::shared_ptr<const Layer>> layers_;
  std::map<std::string, int, std::less<>> counts_;  // layers of each kind so far, for their names
};

}  // namespace thimble::nn
