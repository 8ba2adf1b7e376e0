// One layer of a network, as declared: what every kind of layer can do.
//
// A kind is one file pair in nn/layers/, with a class derived from Layer, and a line in
// nn/layers/registry.cpp.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nn/shape.hpp"

namespace thimble::nn {

class TrainingBuilder;   // nn/engine/training_builder.hpp
class InferenceBuilder;  // nn/engine/inference_builder.hpp
class NetworkExport;     // nn/network_export.hpp
namespace amx {
class PictureNetwork;  // nn/engine/amx/picture_network.hpp
}

/// What a parameter is, which decides about weight decay and initial values.
enum class ParameterRole { weight, bias, scale, shift, running_mean, running_variance };

/// A parameter that a layer declares. Convolution weights are [out, in / groups, height, width],
/// dense weights [out, in] with `in` in the order channels, height, width, as in PyTorch.
struct ParameterDeclaration {
  std::string name;  ///< "conv1.weight"
  std::vector<std::int64_t> shape;
  ParameterRole role = ParameterRole::weight;
  int layer = 0;
  float start = 0;  ///< initial value; weights are drawn instead (initial_parameters())

  /// Numbers that it has.
  std::int64_t size() const;
  /// False for running statistics, which no gradient moves.
  bool is_trained() const;
};

/// A value that a layer takes.
struct LayerInput {
  int layer = 0;     ///< the layer that puts it out: index in graph.layers()
  std::string name;  ///< that layer's name
  Shape shape;
};

/// What a layer can be behind others that are carried out together with it (nn/fusion.hpp).
enum class ChainStep { none, max_pool, batch_norm, relu, add };

/// What others have to know of a layer.
struct LayerTraits {
  /// Every value is treated alone, so their order in memory is free.
  bool element_wise = false;
  /// Makes a vector of a map: what was a position becomes a feature.
  bool flattens = false;
  /// Left out in prediction.
  bool only_in_training = false;
  /// Normalises by statistics of the batch, of which it keeps running means.
  bool normalizes = false;
  /// Multiplies its input by trained weights: begins a stage of a network.
  bool has_weights = false;
  /// Every output depends on every input, whose order in memory is free: can be a network's head.
  bool fully_connected = false;
  /// How many positions of the input one of the output stands for.
  Extent stride{};
  ChainStep chain_step = ChainStep::none;
};

/// A layer's declaration. It holds no trained numbers and does not change once it is in a Graph.
class Layer {
 public:
  virtual ~Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  /// The kind as it is written in lines: "max_pool".
  const std::string& word() const { return word_; }
  /// Word and number, "conv2"; starts the names of the parameters. Empty until it is in a graph.
  const std::string& name() const { return name_; }
  /// Place in graph.layers().
  int index() const { return index_; }

  const std::vector<LayerInput>& inputs() const { return inputs_; }
  const Shape& input() const { return inputs_.front().shape; }
  const Shape& output() const { return output_; }

  /// The line of text that the kind's parse function turns back into this layer.
  virtual std::string line() const { return word_; }

  virtual LayerTraits traits() const { return {}; }

  /// The window of a convolution or pool; null if it has none.
  virtual const SlidingWindow* window() const { return nullptr; }

  /// Its parameters, in the order in which files hold them.
  virtual std::vector<ParameterDeclaration> parameters() const { return {}; }

  /// Floating-point operations of one sample's forward pass, a multiply-add counted as two.
  virtual std::int64_t forward_flops() const { return 0; }

  /// Each adds the layer to what the builder makes, and may do so for layers behind it that
  /// builder.chain() lists. Training adds forward and backward operations, inference those of
  /// prediction with fixed parameters, export nodes of an ONNX file.
  virtual void train(TrainingBuilder& builder) const = 0;
  virtual void infer(InferenceBuilder& builder) const = 0;
  virtual void to_onnx(NetworkExport& file) const = 0;

  /// Adds the layer to a network that predicts one picture at a time, where the processor is best
  /// used so.
  /// @return  false if it cannot; the whole network is then run by what infer() adds
  virtual bool infer_picture(amx::PictureNetwork& network) const;

 protected:
  Layer(std::string word, std::vector<LayerInput> inputs, Shape output);

  /// A parameter "<layer>.<name>".
  ParameterDeclaration parameter(std::string_view name, std::vector<std::int64_t> shape,
                                 ParameterRole role, float start = 0) const;

 private:
  friend class Graph;  // gives it its place

  std::string word_;
  std::string name_;
  int index_ = 0;
  std::vector<LayerInput> inputs_;
  Shape output_;
};

}  // namespace thimble::nn
