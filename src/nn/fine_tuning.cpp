#include "nn/fine_tuning.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"

namespace thimble::nn {
namespace {

/// The layer, or the first of the dropouts that alone feed it.
int with_dropout_before(const Graph& graph, int layer) {
  while (layer > 1 && graph.layer(layer).inputs().front().layer == layer - 1 &&
         graph.layer(layer - 1).traits().only_in_training) {
    --layer;
  }
  return layer;
}

// Below what would leave int64 in the next product.
constexpr std::int64_t kLargestReduction = std::int64_t{1} << 31;

/// How many pixels of the input a pixel behind each layer stands for.
std::vector<std::int64_t> reductions(const Graph& graph) {
  std::vector<std::int64_t> all(graph.layers().size(), 1);
  for (std::size_t i = 1; i < all.size(); ++i) {
    const Layer& l = *graph.layers()[i];
    for (const LayerInput& input : l.inputs())
      all[i] = std::max(all[i], all[static_cast<std::size_t>(input.layer)]);
    const Extent stride = l.traits().stride;
    all[i] = std::min(all[i] * stride.height * stride.width, kLargestReduction);
  }
  return all;
}

}  // namespace

int Stages::layer_behind(int stages) const {
  return stages < count() ? first_layers[static_cast<std::size_t>(stages)] : head;
}

Stages stages_of(const Graph& graph) {
  const int last = static_cast<int>(graph.layers().size()) - 1;
  if (!graph.layer(last).traits().fully_connected) {
    throw UsageError(
        fmt::format("its last layer is {}, expected a dense layer", graph.layer(last).name()));
  }
  Stages stages;
  stages.head = with_dropout_before(graph, last);
  const std::vector<std::int64_t> reduction = reductions(graph);
  std::int64_t reached = 0;
  for (int i = 1; i < stages.head; ++i) {
    const LayerTraits traits = graph.layer(i).traits();
    const std::int64_t here = reduction[static_cast<std::size_t>(i)];
    const bool starts = traits.fully_connected || (traits.has_weights && here > reached) ||
                        (traits.normalizes && stages.count() == 0);
    if (starts) {
      stages.first_layers.push_back(stages.count() == 0 ? 1 : with_dropout_before(graph, i));
    }
    if (traits.has_weights && !traits.fully_connected) reached = std::max(reached, here);
  }
  return stages;
}

int FineTuning::first_trained_layer(int epoch) const {
  if (first_trained_layers.empty()) return 0;
  const std::size_t unfrozen =
      unfreeze_epochs > 0 ? static_cast<std::size_t>(epoch / unfreeze_epochs) : 0;
  return first_trained_layers[std::min(unfrozen, first_trained_layers.size() - 1)];
}

std::vector<int> unfreezing_order(const Stages& stages, int count) {
  std::vector<int> layers;
  for (; count > 0; --count) layers.push_back(stages.layer_behind(count));
  layers.push_back(0);
  return layers;
}

std::vector<RateSpan> rate_spans(const FineTuning& tuning, int epoch, std::size_t steps_per_epoch,
                                 TrainingNetwork& network) {
  const std::size_t head = network.offset_of(tuning.head_layer);
  std::vector<RateSpan> spans{{.size = network.weights().size() - head, .factor = 1, .joined = 0}};
  // From the back to the front: what was trained from the start, then stage after stage.
  std::size_t end = head;
  for (int joined = 0; end > 0; joined += tuning.unfreeze_epochs) {
    const int first_layer = tuning.first_trained_layer(std::min(joined, epoch));
    const std::size_t begin = network.offset_of(first_layer);
    if (begin < end) {
      spans.push_back({.size = end - begin,
                       .factor = tuning.backbone_lr_scale,
                       .joined = static_cast<std::uint64_t>(joined) * steps_per_epoch});
      end = begin;
    }
    if (joined >= epoch || tuning.unfreeze_epochs == 0) break;
  }
  std::ranges::reverse(spans);
  return spans;
}

ParameterValues replaced(ParameterValues values, const ParameterValues& others) {
  for (const NamedArray& other : others) {
    const auto found = std::ranges::find(values, other.name, &NamedArray::name);
    if (found != values.end()) *found = other;
  }
  return values;
}

}  // namespace thimble::nn
