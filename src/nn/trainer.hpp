// The loop over epochs: batches, learning rate, validation, early stopping, averaging, and a state
// from which it goes on.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/progress.hpp"
#include "nn/fine_tuning.hpp"
#include "nn/graph.hpp"
#include "nn/network.hpp"
#include "nn/optimizer.hpp"
#include "nn/schedule.hpp"

namespace thimble::nn {

/// Where samples come from.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  /// Number of samples.
  virtual std::size_t size() const = 0;
  /// Writes the samples at `indices`: varied at random as they are to be seen in training epoch
  /// `epoch`, or, without an epoch, as they are.
  ///
  /// @param pictures  uint8 [indices.size(), height, width, channels]
  /// @param labels    int32 [indices.size()]
  virtual void fill(std::span<const std::size_t> indices, std::optional<std::uint64_t> epoch,
                    std::span<std::uint8_t> pictures, std::span<std::int32_t> labels) const = 0;
};

struct TrainerOptions {
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  int epochs = 10;
  int batch_size = 128;
  double label_smoothing = 0;
  std::vector<float> class_weights;  ///< float32 [classes]; empty: all 1
  double ema_decay = 0;              ///< 0: no weight averaging
  int early_stopping_patience =
      0;                       ///< epochs without a better validation loss; 0: never stop early
  bool keep_best = false;      ///< end with the weights of the best validation loss
  int batch_norm_refresh = 0;  ///< batches that re-estimate trained layers' batch norm at the end
  Precision precision = Precision::automatic;
  std::uint64_t seed = 1;
  FineTuning fine_tuning;  ///< by default everything starts fresh and is trained
};

/// One line of a history.
struct EpochRecord {
  int epoch = 0;  ///< from 1
  double loss = 0;
  double accuracy = 0;
  std::optional<double> validation_loss;
  std::optional<double> validation_accuracy;
  double learning_rate = 0;  ///< of the last step
  double seconds = 0;        ///< validation included
  double images_per_second = 0;
};

/// Everything that training has changed, in declared layouts, so that it can be written to a file
/// and read on a machine that prefers other layouts.
struct TrainerState {
  nlohmann::json values;
  std::vector<NamedArray> arrays;
};

/// Trains a graph.
///
/// Each epoch visits all samples once in an order drawn from (seed, epoch); the last batch is
/// filled up with the epoch's first samples. The result depends on options, data, number of threads
/// and processor alone: interrupting and going on changes nothing.
class Trainer {
 public:
  struct Hooks {
    /// An epoch is finished (before `save`).
    std::function<void(const EpochRecord&)> epoch_done;
    /// The state should be kept: after each epoch, and when stopped in the middle of one.
    std::function<void()> save;
    /// Asked after `epoch_done`, before `save`: false ends the training with this epoch.
    std::function<bool(const EpochRecord&)> go_on = nullptr;
  };

  /// The sources must outlive the trainer. `validation` may be null.
  /// @throws UsageError  if an option is out of range
  /// @throws DataError   if there are no samples
  Trainer(const Graph& graph, const InputScaling& scaling, const TrainerOptions& options,
          const BatchSource& train, const BatchSource* validation);
  ~Trainer();

  /// Trains to the end. Returns why it ended, in words.
  /// @throws Cancelled  if `progress` asked to stop, after hooks.save
  /// @throws DataError  if the loss is no longer a number (the message names the remedy)
  std::string run(Progress& progress, const Hooks& hooks);

  /// The trained parameters, after run().
  const ParameterValues& result() const;
  /// Those with the best validation loss so far; empty without a validation source.
  const ParameterValues& best() const;
  int best_epoch() const;
  int epochs_done() const;

  TrainerState state() const;
  /// @throws DataError  if the state belongs to another network or other options
  void restore(const TrainerState& state);

  /// Bytes of parameters, activations and gradients.
  std::size_t memory_bytes() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thimble::nn
