#include "models/torchvision.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "nn/graph.hpp"
#include "nn/zoo.hpp"

namespace thimble {
namespace {

using nn::NamedArray;

constexpr char kArchitecture[] = "resnet18";
constexpr int kColours = 3;
// Of the pictures that the weights were trained on, 0 to 1.
constexpr std::array kMean{0.485, 0.456, 0.406};
constexpr std::array kDeviation{0.229, 0.224, 0.225};
constexpr int kImageNetClasses = 1000;
constexpr int kSide = 224;
constexpr double kLevels = 255;

nn::Graph graph_of(const std::string& stem, int classes) {
  nn::ArchitectureOptions variation = nn::architecture_defaults(kArchitecture);
  variation.stem = stem;
  const auto lines = nn::architecture_lines(kArchitecture, variation);
  return nn::Graph::parse({kColours, kSide, kSide, false}, lines, classes);
}

/// torchvision's names of the layers with parameters, in the order in which the zoo declares them.
std::vector<std::string> layer_names() {
  std::vector<std::string> names{"conv1", "bn1"};
  for (int stage = 1; stage <= 4; ++stage) {
    for (int block = 0; block < 2; ++block) {
      const std::string prefix = fmt::format("layer{}.{}.", stage, block);
      for (const char* layer : {"conv1", "bn1", "conv2", "bn2"}) names.push_back(prefix + layer);
      if (stage == 1 || block > 0) continue;
      names.push_back(prefix + "downsample.0");
      names.push_back(prefix + "downsample.1");
    }
  }
  names.emplace_back("fc");
  return names;
}

/// The parameters of `graph`, named as torchvision does.
std::vector<nn::ParameterDeclaration> declared_by_torchvision(const nn::Graph& graph) {
  const std::vector<std::string> names = layer_names();
  auto declared = graph.parameters();
  std::size_t at = 0;
  for (std::size_t i = 0; i < declared.size(); ++i) {
    if (i > 0 && declared[i].layer != declared[i - 1].layer) ++at;
    declared[i].name = names.at(at) + declared[i].name.substr(declared[i].name.find('.'));
  }
  return declared;
}

bool is_ignored(const std::string& name) { return name.ends_with(".num_batches_tracked"); }

int classes_of(const ModelFile& file) {
  const auto found = file.tensors.find("fc.weight");
  if (found == file.tensors.end() || found->second.shape.empty()) return kImageNetClasses;
  return static_cast<int>(std::clamp<std::int64_t>(found->second.shape[0], 1, 65535));
}

/// Throws unless the file has exactly these tensors.
void check_tensors(const ModelFile& file, const std::string& place,
                   const std::vector<nn::ParameterDeclaration>& declared) {
  std::string problems;
  const auto problem = [&](const std::string& text) { problems += "\n  " + text; };
  std::set<std::string> expected;
  for (const auto& parameter : declared) {
    expected.insert(parameter.name);
    const std::string shape = fmt::format("[{}]", fmt::join(parameter.shape, ", "));
    const auto found = file.tensors.find(parameter.name);
    if (found == file.tensors.end()) {
      problem(fmt::format("{} {} is missing", parameter.name, shape));
    } else if (found->second.shape != parameter.shape) {
      problem(fmt::format("{} has the shape [{}], expected {}", parameter.name,
                          fmt::join(found->second.shape, ", "), shape));
    } else if (found->second.type != TensorType::f32) {
      problem(fmt::format("{} is not of type F32", parameter.name));
    }
  }
  for (const auto& [name, tensor] : file.tensors) {
    if (!expected.contains(name) && !is_ignored(name)) {
      problem(fmt::format("{} [{}] is unknown", name, fmt::join(tensor.shape, ", ")));
    }
  }
  if (!problems.empty()) {
    throw DataError(
        fmt::format("{}: not the weights of torchvision's {}:{}", place, kArchitecture, problems));
  }
}

/// Kernels 7x7 to 3x3, by sums over thirds.
void shrink_to_thirds(NamedArray& kernels) {
  constexpr std::size_t kLarge = 7;
  constexpr std::size_t kSmall = 3;
  // How much of a tap lies in a third.
  const auto overlap = [](std::size_t third, std::size_t tap) {
    constexpr double kWidth = double{kLarge} / kSmall;
    const double begin = std::max(static_cast<double>(tap), static_cast<double>(third) * kWidth);
    const double end =
        std::min(static_cast<double>(tap + 1), static_cast<double>(third + 1) * kWidth);
    return std::max(0.0, end - begin);
  };
  std::vector<float> small;
  for (std::size_t plane = 0; plane < kernels.values.size(); plane += kLarge * kLarge) {
    for (std::size_t i = 0; i < kSmall * kSmall; ++i) {
      double sum = 0;
      for (std::size_t tap = 0; tap < kLarge * kLarge; ++tap) {
        sum += kernels.values[plane + tap] * overlap(i / kSmall, tap / kLarge) *
               overlap(i % kSmall, tap % kLarge);
      }
      small.push_back(static_cast<float>(sum));
    }
  }
  kernels.values = std::move(small);
  kernels.shape[2] = kernels.shape[3] = kSmall;
}

nn::InputScaling imagenet_scaling() {
  nn::InputScaling scaling;
  for (std::size_t c = 0; c < kColours; ++c) {
    scaling.scale.push_back(static_cast<float>(1 / kLevels / kDeviation[c]));
    scaling.shift.push_back(static_cast<float>(-kMean[c] / kDeviation[c]));
  }
  return scaling;
}

}  // namespace

bool is_torchvision(const ModelFile& file) {
  return file.tensors.contains("conv1.weight") && file.tensors.contains("bn1.running_mean") &&
         std::ranges::any_of(file.tensors,
                             [](const auto& item) { return item.first.starts_with("layer1."); });
}

InitialNetwork from_torchvision(const ModelFile& file, const std::string& place,
                                const std::string& stem) {
  const int classes = classes_of(file);
  const auto declared = declared_by_torchvision(graph_of("imagenet", classes));
  check_tensors(file, place, declared);

  const nn::Graph graph = graph_of(stem, classes);
  const auto named = graph.parameters();
  InitialNetwork network;
  network.source = place;
  network.input = {kSide, kSide, kColours};
  network.layers = graph.lines();
  network.scaling = imagenet_scaling();
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const auto values = file.tensors.at(declared[i].name).as<float>();
    network.parameters.push_back(
        {named[i].name, declared[i].shape, {values.begin(), values.end()}});
  }
  if (stem == "small") shrink_to_thirds(network.parameters.front());
  nn::check_parameters(graph, network.parameters, place);
  return network;
}

}  // namespace thimble
