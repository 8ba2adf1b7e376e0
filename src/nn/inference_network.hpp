// A graph made ready to predict: forward only, batch norm folded into convolutions.

#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "nn/graph.hpp"
#include "nn/network.hpp"

namespace thimble::nn {

/// Weights in the layouts that networks of one graph with the same parameters want, so that they
/// are kept once.
///
/// Not for use from several threads at once; the networks made with it are.
class SharedWeights {
 public:
  SharedWeights();
  ~SharedWeights();
  SharedWeights(const SharedWeights&) = delete;
  SharedWeights& operator=(const SharedWeights&) = delete;

 private:
  friend class InferenceNetwork;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Runs forward passes of a fixed batch size. All memory is planned and taken when it is built.
/// Not for use from several threads at once.
class InferenceNetwork {
 public:
  /// @param weights  where it takes weights from and leaves those that others may share; null: it
  ///                 has its own
  InferenceNetwork(const Graph& graph, const InputScaling& scaling, int batch_size,
                   Precision precision, const ParameterValues& parameters,
                   SharedWeights* weights = nullptr);
  ~InferenceNetwork();
  InferenceNetwork(InferenceNetwork&&) noexcept;
  InferenceNetwork& operator=(InferenceNetwork&&) noexcept;

  int batch_size() const;

  /// To be filled by the caller: uint8 [batch, height, width, channels].
  std::span<std::uint8_t> input();

  /// Logits of the batch in input(): float32 [batch, classes], valid until the next call.
  std::span<const float> run();

  /// The same for an input that is scaled already: float32 [batch, channels, height, width].
  std::span<const float> run(std::span<const float> input);

  /// Takes new values for the same graph (after an epoch of training). Not for a network that
  /// shares its weights.
  void set_parameters(const ParameterValues& parameters);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thimble::nn
