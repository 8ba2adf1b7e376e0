// What a training step changes: network, optimizer and weight average, which begin and go on
// together.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "nn/ema.hpp"
#include "nn/graph.hpp"
#include "nn/network.hpp"
#include "nn/optimizer.hpp"
#include "nn/trainer.hpp"
#include "nn/training_network.hpp"

namespace thimble::nn {

/// Built for the layers that are trained in an epoch, and built anew when there are more of them.
class Learner {
 public:
  /// @param batch_size       samples of a step
  /// @param steps_per_epoch  steps from an epoch to the next, where more layers may join
  /// @param seed             of dropout
  Learner(const Graph& graph, const InputScaling& scaling, const TrainerOptions& options,
          int batch_size, std::size_t steps_per_epoch, std::uint64_t seed);

  /// Starts without a past: for what is trained in `epoch`, counted from 0, from `values`.
  void start(int epoch, const ParameterValues& values);
  /// Goes over to what is trained in `epoch`. What was trained before goes on as if nothing had
  /// happened; what joins starts without momentum, its average at its weights.
  void unfreeze(int epoch);
  /// Whether the same layers are trained in `epoch` as it was built for.
  bool is_built_for(int epoch) const;
  /// One that it was built for.
  int epoch() const { return epoch_; }

  TrainingNetwork& network() { return *network_; }
  /// Takes the network's gradients to new weights and a new average.
  void step(double learning_rate);

  /// The parameters to judge and to keep: the averages of those that have one.
  ParameterValues parameters() const;

  /// Adds everything that start() and step() changed.
  void save(TrainerState& state) const;
  /// @throws DataError                 if the parameters are another network's
  /// @throws nlohmann::json::exception  if a value is missing or of another kind
  void restore(const TrainerState& state);

  /// Bytes of parameters, activations and gradients.
  std::size_t memory_bytes() const;

 private:
  Graph graph_;
  InputScaling scaling_;
  TrainerOptions options_;
  int batch_size_;
  std::size_t steps_per_epoch_;
  std::uint64_t seed_;
  std::unique_ptr<TrainingNetwork> network_;
  std::unique_ptr<Optimizer> optimizer_;
  std::optional<Ema> ema_;
  int epoch_ = 0;
};

/// Arrays of a state by the group that they belong to, "optimizer's block/array".
void append_arrays(TrainerState& state, const std::string& group, ParameterValues values);
ParameterValues take_arrays(const TrainerState& state, const std::string& group);

}  // namespace thimble::nn
