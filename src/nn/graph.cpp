#include "nn/graph.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "nn/layers/input.hpp"

namespace thimble::nn {
namespace {

bool takes(const Layer& layer, int value) {
  return std::ranges::find(layer.inputs(), value, &LayerInput::layer) != layer.inputs().end();
}

std::int64_t trained_numbers(const Layer& layer) {
  std::int64_t count = 0;
  for (const auto& parameter : layer.parameters()) {
    if (parameter.is_trained()) count += parameter.size();
  }
  return count;
}

std::string count_text(std::int64_t count) {
  return format_count(static_cast<std::uint64_t>(count));
}

}  // namespace

Graph::Graph(Shape input) { append(std::make_unique<Input>(input)); }

int Graph::append(std::unique_ptr<Layer> layer) {
  const int index = static_cast<int>(layers_.size());
  for (const LayerInput& input : layer->inputs()) {
    if (input.layer < 0 || input.layer >= index) {
      throw Error(fmt::format("{}: no layer {} to take as input", layer->word(), input.layer));
    }
  }
  layer->index_ = index;
  // There is one input only.
  layer->name_ =
      index == 0 ? layer->word() : fmt::format("{}{}", layer->word(), ++counts_[layer->word()]);
  layers_.push_back(std::move(layer));
  return index;
}

LayerInput Graph::value(int index) const {
  return {index, layer(index).name(), layer(index).output()};
}

Graph Graph::up_to(int last) const {
  Graph graph = *this;
  graph.layers_.resize(static_cast<std::size_t>(last) + 1);
  graph.counts_.clear();
  for (const auto& layer : graph.layers_) ++graph.counts_[layer->word()];
  return graph;
}

int Graph::sole_consumer(int index) const {
  int consumer = -1;
  for (const auto& layer : layers_) {
    for (const LayerInput& input : layer->inputs()) {
      if (input.layer != index) continue;
      if (consumer >= 0) return -1;
      consumer = layer->index();
    }
  }
  return consumer;
}

bool Graph::only_feeds_dense(int index) const {
  return std::ranges::all_of(layers_, [&](const auto& layer) {
    if (!takes(*layer, index)) return true;
    const LayerTraits traits = layer->traits();
    return traits.fully_connected ||
           ((traits.element_wise || traits.flattens) && only_feeds_dense(layer->index()));
  });
}

std::vector<ParameterDeclaration> Graph::parameters() const {
  std::vector<ParameterDeclaration> all;
  for (const auto& layer : layers_) std::ranges::move(layer->parameters(), std::back_inserter(all));
  return all;
}

std::int64_t Graph::parameter_count() const {
  std::int64_t count = 0;
  for (const auto& layer : layers_) count += trained_numbers(*layer);
  return count;
}

std::int64_t Graph::forward_flops() const {
  std::int64_t flops = 0;
  for (const auto& layer : layers_) flops += layer->forward_flops();
  return flops;
}

std::string Graph::summary() const {
  constexpr const char* kRow = "{:<18} {:<12} {:>12} {:>12} {:>12}\n";
  const auto megaflops = [](std::int64_t flops) {
    return fmt::format("{:.3f}", static_cast<double>(flops) / 1e6);
  };
  std::string text = fmt::format(kRow, "layer", "output", "parameters", "MFLOP", "fp32 output");
  std::int64_t bytes = 0;
  for (const auto& layer : layers_) {
    const std::int64_t output_bytes = layer->output().size() * 4;
    const std::int64_t numbers = trained_numbers(*layer);
    bytes += output_bytes;
    text += fmt::format(kRow, layer->name(), to_string(layer->output()),
                        numbers == 0 ? "" : count_text(numbers), megaflops(layer->forward_flops()),
                        format_bytes(static_cast<std::uint64_t>(output_bytes)));
  }
  text += fmt::format(kRow, "total", "", count_text(parameter_count()), megaflops(forward_flops()),
                      format_bytes(static_cast<std::uint64_t>(bytes)));
  return text;
}

}  // namespace thimble::nn
