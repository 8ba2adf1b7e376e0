// A trained network that any number of threads predict with, in batches of any size.

#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "nn/graph.hpp"
#include "nn/inference_network.hpp"
#include "nn/network.hpp"

namespace thimble::nn {

/// Where kernel_choice() takes pictures one by one or in blocks (amx::PictureNetwork), one network
/// serves all threads, each with a workspace of its own. Elsewhere it keeps networks of a few batch
/// sizes: each is made when it is first needed, used by one thread at a time and then kept for the
/// next; all share their weights.
///
/// Thread safety: run() may be called from several threads at once.
class InferencePool {
 public:
  /// @throws DataError  if the parameters are not the graph's
  InferencePool(Graph graph, InputScaling scaling, Precision precision, ParameterValues parameters);
  ~InferencePool();

  /// Logits of pictures. On processors with AVX-512, those of a picture are the same bits whatever
  /// the number of pictures and of threads; on others the last bits may differ.
  /// @param pictures  uint8 [n, height, width, channels]
  /// @param logits    float32 [n, classes], to be filled
  void run(std::span<const std::uint8_t> pictures, std::span<float> logits) const;

  const Graph& graph() const { return graph_; }
  const InputScaling& scaling() const { return scaling_; }
  Precision precision() const { return precision_; }
  const ParameterValues& parameters() const { return parameters_; }

 private:
  /// oneDNN plans for a number of threads, and computes with as many.
  struct Kind {
    int batch;
    int threads;
    bool operator==(const Kind&) const = default;
  };
  struct Idle {
    Kind kind;
    InferenceNetwork network;
  };
  class Lease;

  class PictureRuns;

  void run_batches(std::span<const std::uint8_t> pictures, std::span<float> logits) const;
  InferenceNetwork take(const Kind& kind) const;
  void give_back(const Kind& kind, InferenceNetwork network) const;

  Graph graph_;
  InputScaling scaling_;
  Precision precision_;
  ParameterValues parameters_;
  mutable SharedWeights weights_;
  mutable std::mutex building_;
  mutable std::mutex mutex_;
  mutable std::vector<Idle> idle_;
  mutable std::once_flag started_;
  mutable std::unique_ptr<PictureRuns> picture_runs_;  // null: not on this processor
};

}  // namespace thimble::nn
