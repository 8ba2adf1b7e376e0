// A whole network and its gradients written out in double precision, layer by layer.

#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "nn/graph.hpp"
#include "nn/network.hpp"

namespace thimble::nn::amx {

/// Where the kernels put out bf16, values are rounded, so that ReLU and pooling choose as they do
/// there. Everything else, gradients above all, is exact.
///
/// Values lie as [batch][channels][height][width]. There is no dropout.
class NaiveNetwork {
 public:
  /// @param first_trained_layer  batch norm of layers below it uses its running statistics
  NaiveNetwork(const Graph& graph, const ParameterValues& values, int batch,
               int first_trained_layer);

  void forward(std::span<const float> input);
  /// Fills in the gradients of all parameters and of the input.
  void backward(std::span<const float> output_gradient);

  const std::vector<double>& output() const { return values_.back(); }
  const std::vector<double>& input_gradient() const { return gradients_.front(); }
  /// Of a parameter; running statistics as forward() moved them.
  const std::vector<double>& parameter(const std::string& name) const {
    return parameters_.at(name);
  }
  const std::vector<double>& gradient(const std::string& name) const {
    return parameter_gradients_.at(name);
  }

 private:
  using Values = std::vector<double>;

  Values put_out(const Layer& layer);
  void take_back(const Layer& layer);

  Values product(const Layer& layer, const SlidingWindow& window);
  void product_backward(const Layer& layer, const SlidingWindow& window);
  Values normalized(const Layer& layer);
  void norm_backward(const Layer& layer);
  Values pooled(const Layer& layer, bool largest);
  void pool_backward(const Layer& layer, bool largest);

  const Values& in(const Layer& layer) const { return values_[input_index(layer)]; }
  Values& in_gradient(const Layer& layer) { return gradients_[input_index(layer)]; }
  static std::size_t input_index(const Layer& layer) {
    return static_cast<std::size_t>(layer.inputs().front().layer);
  }

  void find_fused();

  Graph graph_;
  int batch_;
  int first_trained_layer_;
  std::map<std::string, Values> parameters_, parameter_gradients_;
  std::vector<Values> values_, gradients_;    // what layers put out
  std::vector<Values> unrounded_;             // the same before it is rounded
  std::vector<bool> is_kept_within_;          // not put out, for a fused layer takes it
  std::vector<bool> takes_unrounded_;         // takes its statistics of sums that are not rounded
  std::map<int, Values> means_, deviations_;  // of batch norms' inputs, and their inverse
};

}  // namespace thimble::nn::amx
