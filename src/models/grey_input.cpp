#include "models/grey_input.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "nn/graph.hpp"

namespace thimble {
namespace {

using nn::NamedArray;

constexpr float kLevels = 255;

NamedArray* find(nn::ParameterValues& values, const std::string& name) {
  const auto found = std::ranges::find(values, name, &NamedArray::name);
  return found == values.end() ? nullptr : &*found;
}

float mean(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0f) / static_cast<float>(values.size());
}

/// True if a layer takes the pictures themselves, or these flattened.
bool reads_pictures(const nn::Graph& graph, const nn::Layer& layer) {
  const nn::Layer& input = graph.layer(layer.inputs().front().layer);
  return input.index() == 0 || (input.traits().flattens && reads_pictures(graph, input));
}

/// sum_c W_c (b_c - b a_c / a), one number for each of the outputs of weights [out, colours, ...].
std::vector<float> constants(const NamedArray& weights, const nn::InputScaling& scaling) {
  const std::size_t colours = scaling.scale.size();
  const auto outputs = static_cast<std::size_t>(weights.shape[0]);
  const std::size_t taps = weights.values.size() / (outputs * colours);
  std::vector<float> all;
  for (std::size_t o = 0; o < outputs; ++o) {
    double constant = 0;
    for (std::size_t c = 0; c < colours; ++c) {
      const auto first =
          weights.values.begin() + static_cast<std::ptrdiff_t>((o * colours + c) * taps);
      const double sum = std::accumulate(first, first + static_cast<std::ptrdiff_t>(taps), 0.0);
      constant +=
          sum * (scaling.shift[c] - mean(scaling.shift) * scaling.scale[c] / mean(scaling.scale));
    }
    all.push_back(static_cast<float>(constant));
  }
  return all;
}

}  // namespace

void add_constants_of_colours(const InitialNetwork& colour, const nn::Graph& graph,
                              nn::ParameterValues& grey) {
  const auto layer_count = static_cast<int>(graph.layers().size());
  for (int i = 1; i < layer_count; ++i) {
    const nn::Layer& layer = graph.layer(i);
    if (!layer.traits().has_weights || !reads_pictures(graph, layer)) continue;
    const auto weights =
        std::ranges::find(colour.parameters, layer.name() + ".weight", &NamedArray::name);
    if (weights == colour.parameters.end()) continue;
    const std::vector<float> added = constants(*weights, colour.scaling);
    const int behind = graph.sole_consumer(i);
    if (NamedArray* bias = find(grey, layer.name() + ".bias")) {
      for (std::size_t o = 0; o < added.size(); ++o) bias->values[o] += added[o];
    } else if (behind >= 0 && graph.layer(behind).traits().normalizes) {
      // (x + c) - m = x - (m - c)
      NamedArray* running = find(grey, graph.layer(behind).name() + ".running_mean");
      if (running == nullptr) continue;
      for (std::size_t o = 0; o < added.size(); ++o) running->values[o] -= added[o];
    }
  }
}

InitialNetwork with_colours_from_grey(const InitialNetwork& colour) {
  InitialNetwork grey = colour;
  const auto colours = static_cast<std::int64_t>(colour.input.channels);
  grey.input.channels = 1;
  grey.scaling = {{1 / kLevels}, {0}};
  grey.layers.insert(grey.layers.begin(), fmt::format("conv {} 1", colours));
  std::vector<float> scale = colour.scaling.scale;
  for (float& s : scale) s *= kLevels;
  grey.parameters.insert(grey.parameters.begin(), {{"weight", {colours, 1, 1, 1}, scale},
                                                   {"bias", {colours}, colour.scaling.shift}});
  // Layers are numbered by kind: the other convolutions move up.
  const auto graph = nn::Graph::parse({1, grey.input.height, grey.input.width, false}, grey.layers);
  const auto declared = graph.parameters();
  for (std::size_t i = 0; i < declared.size(); ++i) grey.parameters[i].name = declared[i].name;
  return grey;
}

}  // namespace thimble
