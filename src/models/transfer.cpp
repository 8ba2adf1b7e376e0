#include "models/transfer.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "models/grey_input.hpp"
#include "models/neural.hpp"
#include "models/registry.hpp"
#include "models/shipped.hpp"
#include "models/torchvision.hpp"

namespace thimble {
namespace {

nn::Shape input_shape(const PictureShape& shape) {
  return {shape.channels, shape.height, shape.width, false};
}

nn::Graph graph_of(const InitialNetwork& initial) {
  return nn::Graph::parse(input_shape(initial.input), initial.layers);
}

nn::Stages stages_of(const InitialNetwork& initial, const nn::Graph& graph) {
  try {
    return nn::stages_of(graph);
  } catch (const UsageError& error) {
    throw UsageError(
        fmt::format("transfer.init: {}: no new head fits it: {}", initial.source, error.what()));
  }
}

/// How many stages are frozen at first.
int frozen_stages(const InitialNetwork& initial, const nn::Stages& stages,
                  const std::string& freeze) {
  if (freeze == "none") return 0;
  const auto refuse = [&](const std::string& expected) {
    throw UsageError(
        fmt::format("transfer.freeze: \"{}\", but the network of {} has {} {} before "
                    "its head; expected {}",
                    freeze, initial.source, stages.count(),
                    stages.count() == 1 ? "stage" : "stages", expected));
  };
  if (stages.count() == 0) refuse("\"none\"");
  if (freeze == "backbone") return stages.count();
  int stage = 0;
  const auto [end, error] = std::from_chars(freeze.data(), freeze.data() + freeze.size(), stage);
  if (error != std::errc() || end != freeze.data() + freeze.size() || stage < 1 ||
      stage > stages.count()) {
    refuse(fmt::format("\"none\", \"backbone\" or a stage from 1 to {}", stages.count()));
  }
  return stage;
}

/// Takes `old_channels` kernels, [outer, old_channels, inner], to `new_channels`; one of the two is
/// 1. `weights`: what each of several counts in the sum.
std::vector<float> adapted_channels(const std::vector<float>& kernels, int old_channels,
                                    int new_channels, std::size_t inner,
                                    std::span<const float> weights) {
  const auto from = static_cast<std::size_t>(old_channels);
  const auto to = static_cast<std::size_t>(new_channels);
  const std::size_t outer = kernels.size() / (from * inner);
  std::vector<float> adapted(outer * to * inner);
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::size_t c = 0; c < std::max(from, to); ++c) {
      const float weight = to > from ? 1.0f / static_cast<float>(to) : weights[c];
      const float* source = kernels.data() + (o * from + (to > from ? 0 : c)) * inner;
      float* target = adapted.data() + (o * to + (to > from ? c : 0)) * inner;
      for (std::size_t i = 0; i < inner; ++i) target[i] += weight * source[i];
    }
  }
  return adapted;
}

float mean(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0f) / static_cast<float>(values.size());
}

/// Carries a trained network's parameters over to a graph of the same layers on other pictures.
class Carrier {
 public:
  Carrier(const InitialNetwork& initial, const PictureShape& input)
      : initial_(initial), input_(input), before_(graph_of(initial)) {
    if (!changes_channels()) return;
    if (initial.input.channels != 1 && input.channels != 1) {
      refuse(
          fmt::format("{} channels cannot be made of {}; only grey and colour can be turned into "
                      "each other",
                      input.channels, initial.input.channels));
    }
    // The sum of the kernels, each by the scale of its channel, so that one scale serves them all.
    const float scale = mean(initial.scaling.scale);
    for (const float s : initial.scaling.scale) channel_weights_.push_back(s / scale);
  }

  nn::InputScaling scaling() const {
    if (!changes_channels()) return initial_.scaling;
    const auto channels = static_cast<std::size_t>(input_.channels);
    return {std::vector<float>(channels, mean(initial_.scaling.scale)),
            std::vector<float>(channels, mean(initial_.scaling.shift))};
  }

  /// All parameters but those of the layers from `end` on.
  nn::ParameterValues parameters(const nn::Graph& graph, int end) const {
    nn::ParameterValues values;
    for (const auto& declared : graph.parameters()) {
      if (declared.layer >= end) break;
      values.push_back(carried(declared));
    }
    return values;
  }

  /// The same layers with another head on the new pictures.
  nn::Graph graph(const std::vector<std::string>& lines, int classes) const {
    try {
      nn::Graph graph = nn::Graph::parse(input_shape(input_), lines, classes);
      check_flattened(graph);
      return graph;
    } catch (const UsageError& error) {
      refuse(error.what());
    }
  }

  bool changes_channels() const { return initial_.input.channels != input_.channels; }

 private:
  nn::NamedArray carried(const nn::ParameterDeclaration& declared) const {
    const auto found = std::ranges::find(initial_.parameters, declared.name, &nn::NamedArray::name);
    if (found == initial_.parameters.end()) {
      throw DataError(fmt::format("{}: {} is missing", initial_.source, declared.name));
    }
    nn::NamedArray array = *found;
    if (array.shape == declared.shape) return array;
    const bool reads_pictures = changes_channels() && declared.role == nn::ParameterRole::weight &&
                                inner_size(array.shape, initial_.input.channels) ==
                                    inner_size(declared.shape, input_.channels);
    if (!reads_pictures) {
      refuse(fmt::format("{} would be of another shape", declared.name));
    }
    array.values = adapted_channels(array.values, initial_.input.channels, input_.channels,
                                    inner_size(declared.shape, input_.channels), channel_weights_);
    array.shape = declared.shape;
    return array;
  }

  /// Layers behind a flattened map take it pixel by pixel.
  void check_flattened(const nn::Graph& graph) const {
    for (const auto& layer : graph.layers()) {
      if (!layer->traits().flattens) continue;
      const nn::Shape& took = before_.layer(layer->index()).input();
      const nn::Shape& gets = layer->input();
      if (took.height == gets.height && took.width == gets.width) continue;
      throw UsageError(
          fmt::format("{} would get {}, it took {}; resize the pictures, or start "
                      "from a network with global pooling",
                      layer->name(), nn::to_string(gets), nn::to_string(took)));
    }
  }

  /// Numbers a channel and output of weights [out, in, ...]; 0 where `channels` do not divide them.
  static std::size_t inner_size(const std::vector<std::int64_t>& shape, int channels) {
    std::int64_t size = 1;
    for (std::size_t i = 1; i < shape.size(); ++i) size *= shape[i];
    return size % channels == 0 ? static_cast<std::size_t>(size / channels) : 0;
  }

  [[noreturn]] void refuse(const std::string& problem) const {
    throw UsageError(fmt::format(
        "transfer.init: the network of {} was trained on pictures of {} and does not take pictures "
        "of {}: {}",
        initial_.source, to_string(initial_.input), to_string(input_), problem));
  }

  const InitialNetwork& initial_;
  const PictureShape& input_;
  nn::Graph before_;
  std::vector<float> channel_weights_;
};

std::string frozen_text(const nn::Graph& graph, const nn::FineTuning& tuning, int stages) {
  if (stages == 0) return "nothing is frozen";
  std::int64_t frozen = 0;
  for (const auto& declared : graph.parameters()) {
    const bool is_frozen = declared.layer < tuning.first_trained_layers.front();
    if (declared.is_trained() && is_frozen) frozen += declared.size();
  }
  std::string text = fmt::format("{} {} frozen, {} of {} parameters", stages,
                                 stages == 1 ? "stage is" : "stages are",
                                 format_count(static_cast<std::uint64_t>(frozen)),
                                 format_count(static_cast<std::uint64_t>(graph.parameter_count())));
  if (tuning.unfreeze_epochs > 0) {
    text += fmt::format("; after every {} epochs one less", tuning.unfreeze_epochs);
  }
  return text;
}

/// What torch.save() writes: a zip archive, or before PyTorch 1.6 a pickle.
void refuse_pickle(const std::string& bytes, const std::string& place) {
  if (!bytes.starts_with("PK\x03\x04") && !bytes.starts_with("\x80\x02\x8a\x0a")) return;
  throw DataError(place +
                  ": a PyTorch checkpoint, which only PyTorch can read; turn it into safetensors "
                  "with scripts/convert-torchvision");
}

}  // namespace

InitialNetwork load_initial_network(const std::string& init, const std::string& stem) {
  const std::filesystem::path path = find_model(init);
  std::string bytes = read_file(path);
  refuse_pickle(bytes, path.string());
  const std::span data = std::as_bytes(std::span(bytes));
  InitialNetwork initial;
  initial.sha256 = sha256_hex(data);
  if (path.extension() != ".onnx") {
    const ModelFile file = parse_model_file(data, path.string());
    if (is_torchvision(file)) {
      InitialNetwork published = from_torchvision(file, path.string(), stem);
      published.source = init;
      published.sha256 = initial.sha256;
      return published;
    }
  }
  initial.source = init;
  const auto model = parse_classifier(std::move(bytes), path.string());
  const auto* neural = dynamic_cast<const NeuralClassifier*>(model.get());
  if (neural == nullptr) {
    throw UsageError(
        fmt::format("transfer.init: {}: it is a model of family '{}'; only a neural "
                    "network can be started from",
                    init, model->description().family));
  }
  initial.input = model->description().input;
  initial.layers = neural->graph().lines();
  initial.scaling = neural->network().scaling();
  initial.parameters = neural->network().parameters();
  initial.classes = model->description().classes;
  (void)stages_of(initial, neural->graph());
  return initial;
}

std::vector<std::string> transferred_layers(const InitialNetwork& initial) {
  std::vector<std::string> lines = initial.layers;
  std::string& head = lines.back();  // "dense 10 bias=true"
  const std::size_t options = head.find(' ', std::string("dense ").size());
  head = "dense classes" + (options == std::string::npos ? "" : head.substr(options));
  return lines;
}

void check_freeze(const InitialNetwork& initial, const TransferOptions& options) {
  (void)frozen_stages(initial, stages_of(initial, graph_of(initial)), options.freeze);
}

TransferredNetwork transfer(const InitialNetwork& trained, const TransferOptions& options,
                            const PictureShape& input, const std::vector<std::string>& classes) {
  const bool colour_to_grey = trained.input.channels > 1 && input.channels == 1;
  const bool replicates = colour_to_grey && options.grey == "replicate";
  std::optional<InitialNetwork> replicated;
  if (replicates) replicated = with_colours_from_grey(trained);
  const InitialNetwork& initial = replicated ? *replicated : trained;
  const Carrier carrier(initial, input);
  nn::Graph graph = carrier.graph(transferred_layers(initial), static_cast<int>(classes.size()));
  const nn::Stages stages = stages_of(initial, graph);
  const bool keep_head = classes == initial.classes;
  const int head = static_cast<int>(graph.layers().size()) - 1;

  nn::FineTuning tuning;
  tuning.initial = carrier.parameters(graph, keep_head ? head + 1 : head);
  if (colour_to_grey && !replicates) add_constants_of_colours(initial, graph, tuning.initial);
  const int frozen = frozen_stages(initial, stages, options.freeze);
  if (frozen > 0) tuning.first_trained_layers = nn::unfreezing_order(stages, frozen);
  tuning.unfreeze_epochs = options.unfreeze_epochs;
  tuning.head_layer = stages.head;

  std::string summary =
      fmt::format("starts from {} (SHA-256 {})\n", initial.source, initial.sha256.substr(0, 16));
  if (keep_head) {
    summary += fmt::format("the head is kept: the {} classes are the same\n", classes.size());
  } else {
    summary += fmt::format("a new head for {} classes\n", classes.size());
  }
  if (replicates) {
    summary += "a layer in front makes the colours of grey pictures\n";
  }
  if (carrier.changes_channels()) {
    summary += fmt::format("the first kernels are adapted from {} to {} channels\n",
                           initial.input.channels, input.channels);
  }
  summary += frozen_text(graph, tuning, frozen) + "\n";
  return {std::move(graph), carrier.scaling(), std::move(tuning), std::move(summary)};
}

}  // namespace thimble
