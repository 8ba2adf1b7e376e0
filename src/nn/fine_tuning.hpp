// Training that starts from a trained network: what is taken over, what stays frozen and for how
// long, what learns more slowly.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/graph.hpp"
#include "nn/network.hpp"
#include "nn/optimizer.hpp"
#include "nn/training_network.hpp"

namespace thimble::nn {

/// A network's head, its last dense layer, and the stages of layers before it.
///
/// A stage ends where maps get smaller: the first convolution behind a pooling with a stride, and a
/// convolution with a stride, begin a new one, and so does each dense layer before the head. Batch
/// norm belongs to the stage of what it normalises, dropout to that of the layer behind it.
struct Stages {
  std::vector<int> first_layers;  ///< one a stage: index in graph.layers()
  int head = 0;                   ///< first layer of the head

  int count() const { return static_cast<int>(first_layers.size()); }
  /// The first layer behind `stages` stages.
  int layer_behind(int stages) const;
};

/// @throws UsageError  if the graph does not end with a dense layer
Stages stages_of(const Graph& graph);

/// How training begins with weights that were trained before.
///
/// Frozen layers keep their parameters to the bit: they get no gradients, no step, no weight decay
/// and no momentum, and batch norm among them normalises by its running statistics, which nothing
/// moves, TrainerOptions::batch_norm_refresh included. Batch norm in trained layers normalises by
/// the batch and adapts its running statistics. Dropout among frozen layers is left out.
struct FineTuning {
  /// Values that take the place of fresh ones, by name.
  ParameterValues initial;
  /// Layers before the first of these are frozen at the start; after every `unfreeze_epochs` epochs
  /// the next takes its place (gradual unfreezing: Howard and Ruder, "Universal Language Model
  /// Fine-tuning", arXiv 1801.06146, 3.3). Falling; empty: nothing is frozen.
  std::vector<int> first_trained_layers;
  int unfreeze_epochs = 0;  ///< 0: what is frozen stays so
  /// Layers before the head learn at this factor of the learning rate.
  double backbone_lr_scale = 1;
  int head_layer = 0;

  /// The layer before which all are frozen in `epoch`, counted from 0.
  int first_trained_layer(int epoch) const;
};

/// `count` stages frozen at first, then one less after every `unfreeze_epochs` epochs.
std::vector<int> unfreezing_order(const Stages& stages, int count);

/// Learning rates of a network as it is trained in `epoch`, for Optimizer::set_spans().
std::vector<RateSpan> rate_spans(const FineTuning& tuning, int epoch, std::size_t steps_per_epoch,
                                 TrainingNetwork& network);

/// `values` with those of `others` in place of the ones of the same names.
ParameterValues replaced(ParameterValues values, const ParameterValues& others);

}  // namespace thimble::nn
