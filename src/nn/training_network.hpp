// A graph made ready to train: forward, backward and parameter blocks for one batch size.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nn/graph.hpp"
#include "nn/loss.hpp"
#include "nn/network.hpp"

namespace thimble::nn {

/// Runs training steps of a fixed batch size. All memory is planned and taken when it is built.
///
/// Trained parameters lie in one flat block in whatever layout is fastest; weights(), gradients()
/// and anything of the same length (an optimizer's state) can be turned into declared layouts and
/// back with to_declared() and from_declared().
///
/// The first layers may be frozen. They then compute as an inference network does: batch norm by
/// its running statistics, which stay as they are, dropout left out. Their parameters are not in
/// the flat block, and no gradients are computed for them or below them.
class TrainingNetwork {
 public:
  struct Options {
    int batch_size = 1;
    Precision precision = Precision::automatic;
    std::uint64_t seed = 0;       ///< of dropout
    bool input_gradient = false;  ///< also with respect to the input; costs time
    int first_trained_layer = 0;  ///< index in graph.layers(); those before it are frozen
  };

  /// @throws UsageError  if the batch is empty, nothing would be trained, or a gradient with
  ///                     respect to the input is to pass through frozen layers
  TrainingNetwork(const Graph& graph, const InputScaling& scaling, const Options& options);
  ~TrainingNetwork();
  TrainingNetwork(TrainingNetwork&&) noexcept;
  TrainingNetwork& operator=(TrainingNetwork&&) noexcept;

  int batch_size() const;

  /// The next batch, to be filled by the caller: uint8 [batch, height, width, channels].
  std::span<std::uint8_t> input();
  /// Its labels, to be filled by the caller: int32 [batch].
  std::span<std::int32_t> labels();

  /// Forward, loss and backward of the batch in input() and labels(): fills gradients(), moves the
  /// running statistics of batch norm.
  /// @param step  number of this step; with the seed it fixes what dropout drops
  BatchLoss forward_backward(const LossOptions& loss, std::uint64_t step);

  /// Forward only, to re-estimate batch norm: the running statistics become the mean over the calls
  /// since `first`. (Averaged statistics of the final weights, as in Izmailov et al.,
  /// arXiv 1803.05407, section 3.2.)
  void accumulate_statistics(bool first);

  /// The two halves of forward_backward() without a loss, on an input that is scaled already.
  /// @param input  float32 [batch, channels, height, width]
  void forward(std::span<const float> input, std::uint64_t step = 0);
  /// @param output_gradient  float32, the size of output()
  void backward(std::span<const float> output_gradient);

  /// What the last layer put out in the last forward pass, row-major: float32 [batch, classes] for
  /// a classifier.
  std::span<const float> output() const;
  /// Gradient with respect to the scaled input, float32 [batch, channels, height, width]; empty
  /// unless asked for at construction.
  std::span<const float> input_gradient() const;

  /// All trained numbers in the order of the layers, float32 [size], padded with zeros that stay
  /// zero.
  std::span<float> weights();
  std::span<float> gradients();
  /// 1 where weight decay applies, uint8 [size].
  std::span<const std::uint8_t> decays() const;
  /// Where those of the layers from `layer` on begin.
  std::size_t offset_of(int layer) const;
  /// To be called after weights() changed, before the next pass.
  void weights_changed();

  /// All parameters, running statistics and frozen layers included.
  ParameterValues parameters() const;
  void set_parameters(const ParameterValues& values);

  /// A flat block of weights().size() numbers, as arrays in their declared layouts (trained
  /// parameters only, not those of frozen layers), and back.
  ParameterValues to_declared(std::span<const float> flat) const;
  void from_declared(const ParameterValues& values, std::span<float> flat) const;

  /// Bytes of activations, gradients and scratch memory after planning.
  std::size_t planned_bytes() const;

  /// Turns timing of the single operations on; profile() then tells microseconds a step for each.
  void enable_profile();
  std::string profile() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thimble::nn
