// The declaration of a network: layers, how they are joined, and the shapes between them.
//
// A graph holds no numbers. Each layer can be written as one line of text, and a graph is its input
// shape plus those lines, which is how recipes and model files keep it:
//
//     conv 32 3 pad=1 stride=2 groups=1 bias=false     3 is 3x3; 3x5 works too, also for pad,
//     stride dense 128 bias=false batch_norm epsilon=1e-5 momentum=0.1 max_pool 2    max_pool 3
//     stride=2 pad=1    avg_pool 2    global_max_pool    global_avg_pool relu    gelu    dropout
//     0.5    flatten mark NAME      remembers this place from NAME      goes on from there instead
//     of from the line before add NAME       residual: adds the value at that place

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace thimble::nn {

/// The shape of one sample between two layers: a map [channels, height, width], or a flat vector of
/// `channels` features (height = width = 1).
struct Shape {
  int channels = 0;
  int height = 1;
  int width = 1;
  bool flat = false;

  std::int64_t size() const { return std::int64_t{1} * channels * height * width; }
  bool operator==(const Shape&) const = default;
};

/// "32x13x13", "128".
std::string to_string(const Shape& shape);

enum class LayerKind {
  input,
  conv,
  dense,
  batch_norm,
  max_pool,
  avg_pool,
  global_max_pool,
  global_avg_pool,
  relu,
  gelu,
  dropout,
  flatten,
  add,
};

/// Two numbers, one for each direction of a map.
struct Extent {
  int height = 1;
  int width = 1;
  bool operator==(const Extent&) const = default;
};

/// "3", or "3x5" where they differ.
std::string to_string(const Extent& extent);

/// One layer as declared. Only the members of its kind mean something.
struct Layer {
  LayerKind kind = LayerKind::input;
  std::string name;         ///< kind and number, "conv2"; starts the names of its parameters
  std::vector<int> inputs;  ///< indices of earlier layers
  Shape output;

  int features = 0;  ///< conv: output channels; dense: output features
  Extent kernel;
  Extent stride;
  Extent pad{0, 0};
  int groups = 1;
  bool bias = true;
  double rate = 0;        ///< dropout: probability of a zero
  double epsilon = 1e-5;  ///< batch norm
  double momentum = 0.1;  ///< batch norm: weight of the newest batch in the running statistics
};

/// What a trained parameter is, which decides about weight decay and initial values.
enum class ParameterRole { weight, bias, scale, shift, running_mean, running_variance };

/// A parameter that a layer declares. Convolution weights are [out, in / groups, height, width],
/// dense weights [out, in] with `in` in the order channels, height, width, as in PyTorch.
struct ParameterDeclaration {
  std::string name;  ///< "conv1.weight"
  std::vector<std::int64_t> shape;
  ParameterRole role = ParameterRole::weight;
  int layer = 0;
};

/// A network's declaration, shape-checked while it is built.
class Graph {
 public:
  explicit Graph(Shape input);

  /// A graph from its lines; the word `classes` in place of a number means `class_count`.
  /// @throws UsageError  naming the line and what is wrong with it; shapes that do not fit give
  ///                     both shapes
  static Graph parse(Shape input, std::span<const std::string> lines, int class_count = 0);

  /// The lines that parse() turns back into this graph.
  std::vector<std::string> lines() const;

  /// The layers up to `last`, as a graph that ends with it.
  Graph up_to(int last) const;

  /// Each adds a layer behind layer `from` and returns its index. Throw UsageError, naming the
  /// layer, if an option is out of range or the shapes do not fit.
  int conv(int from, Layer options);
  int dense(int from, int features, bool bias = true);
  int batch_norm(int from, double epsilon = 1e-5, double momentum = 0.1);
  int pool(LayerKind kind, int from, Extent kernel, Extent stride, Extent pad);
  int global_pool(LayerKind kind, int from);
  int activation(LayerKind kind, int from);
  int dropout(int from, double rate);
  int flatten(int from);
  int add(int a, int b);

  const std::vector<Layer>& layers() const { return layers_; }
  const Layer& layer(int index) const { return layers_.at(static_cast<std::size_t>(index)); }
  /// Shape of the input and of the last layer.
  const Shape& input() const { return layers_.front().output; }
  const Shape& output() const { return layers_.back().output; }

  /// The layer that alone takes this one's output, or -1 where there is none or more than one.
  int sole_consumer(int index) const;
  /// True if whatever takes this layer's output, through element-wise layers, is a dense layer or
  /// the end of the graph: then the order of its features in memory is free.
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
  int append(Layer layer, std::vector<int> inputs);

  std::vector<Layer> layers_;
  std::vector<int> counts_;  // layers of each kind so far, for their names
};

/// FLOPs of one layer for one sample.
std::int64_t forward_flops(const Graph& graph, const Layer& layer);

/// The name of a kind as it is written in lines: "max_pool".
const char* to_string(LayerKind kind);

}  // namespace thimble::nn
