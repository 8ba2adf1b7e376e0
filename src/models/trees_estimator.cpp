#include "models/trees_estimator.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "models/stored_array.hpp"

namespace thimble {
namespace {

using classical::Branch;
using classical::Forest;
using classical::TreeNode;
using classical::Trees;

constexpr const char* kFeature = "trees.feature";
constexpr const char* kThreshold = "trees.threshold";
constexpr const char* kLeft = "trees.left";
constexpr const char* kRight = "trees.right";
constexpr const char* kRoot = "trees.root";
constexpr const char* kDistribution = "trees.distribution";
constexpr const char* kImportance = "trees.importance";
constexpr const char* kOobScore = "trees.oob_score";

constexpr std::size_t kFeaturesNamed = 5;
constexpr double kSumTolerance = 1e-6;

std::int64_t signed_size(std::size_t size) { return static_cast<std::int64_t>(size); }

/// One member of all nodes.
template <class T, class Get>
Tensor column(const Trees& trees, const Get& get) {
  std::vector<T> values;
  values.reserve(trees.nodes.size());
  for (const TreeNode& node : trees.nodes) values.push_back(static_cast<T>(get(node)));
  return Tensor::from(std::span<const T>(values), {signed_size(values.size())});
}

/// Thresholds of either type; tells which they are.
bool load_thresholds(const ModelFile& file, const std::string& place,
                     std::vector<TreeNode>& nodes) {
  const auto found = file.tensors.find(kThreshold);
  const bool bytes = found != file.tensors.end() && found->second.type == TensorType::u8;
  const auto take = [&](const auto& thresholds) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      nodes[i].threshold = static_cast<float>(thresholds[i]);
    }
  };
  if (bytes) {
    take(stored_array<std::uint8_t>(file, place, kThreshold, {signed_size(nodes.size())}));
  } else {
    take(stored_array<float>(file, place, kThreshold, {signed_size(nodes.size())}));
  }
  return bytes;
}

Trees load_nodes(const ModelFile& file, const std::string& place, std::size_t dims,
                 std::size_t classes, bool& bytes) {
  const auto features = stored_array<std::int32_t>(file, place, kFeature, {kAnySize});
  const auto left = stored_array<std::int32_t>(file, place, kLeft, {signed_size(features.size())});
  const auto right =
      stored_array<std::int32_t>(file, place, kRight, {signed_size(features.size())});
  const auto roots = stored_array<std::int32_t>(file, place, kRoot, {kAnySize});
  const auto distributions =
      stored_array<float>(file, place, kDistribution, {kAnySize, signed_size(classes)});
  std::vector<TreeNode> nodes(features.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    // A negative feature becomes one that is far too large, and is refused as such.
    nodes[i] = {static_cast<std::uint32_t>(features[i]), 0, left[i], right[i]};
  }
  bytes = load_thresholds(file, place, nodes);
  return Trees(dims, classes, std::move(nodes), {roots.begin(), roots.end()},
               {distributions.begin(), distributions.end()}, place);
}

std::vector<double> load_importances(const ModelFile& file, const std::string& place,
                                     std::size_t dims) {
  const auto importances = stored_array<double>(file, place, kImportance, {signed_size(dims)});
  double sum = 0;
  for (const double importance : importances) {
    if (!(importance >= 0 && importance <= 1)) {
      throw DataError(fmt::format("{}: a feature of importance {}", place, importance));
    }
    sum += importance;
  }
  if (sum != 0 && std::abs(sum - 1) > kSumTolerance) {
    throw DataError(fmt::format("{}: importances sum to {}", place, sum));
  }
  return {importances.begin(), importances.end()};
}

/// "12 (4.1 %), 386 (3.9 %)": the most important features, counted from 0.
std::string most_important(const std::vector<double>& importances) {
  std::vector<std::size_t> order(importances.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](std::size_t feature) { return importances[feature]; });
  std::string list;
  for (std::size_t i = 0; i < std::min(kFeaturesNamed, order.size()); ++i) {
    list +=
        fmt::format("{}{} ({:.1f} %)", i == 0 ? "" : ", ", order[i], 100 * importances[order[i]]);
  }
  return list;
}

}  // namespace

FitReport TreesEstimator::finish(Forest forest, bool bytes, std::string stopped_because) {
  forest_ = std::move(forest);
  bytes_ = bytes;
  FitReport report;
  report.stopped_because = std::move(stopped_because);
  report.details["trees"] = forest_.trees.size();
  report.details["leaves"] = forest_.trees.leaf_count();
  report.details["depth"] = forest_.trees.depth();
  if (forest_.oob_score) report.details["oob_score"] = *forest_.oob_score;
  return report;
}

void TreesEstimator::predict_proba(const classical::Features& features, Probabilities& out) const {
  if (bytes_ != features.is_bytes()) {
    throw ShapeError(fmt::format("trees: {} features, expected {} ones",
                                 features.is_bytes() ? "8-bit" : "float",
                                 bytes_ ? "8-bit" : "float"));
  }
  forest_.trees.predict_proba(features, out.values());
}

void TreesEstimator::save(ModelFile& file) const {
  const Trees& trees = forest_.trees;
  auto& tensors = file.tensors;
  const auto threshold = [](const TreeNode& node) { return node.threshold; };
  tensors[kFeature] = column<std::int32_t>(trees, [](const TreeNode& n) { return n.feature; });
  tensors[kThreshold] =
      bytes_ ? column<std::uint8_t>(trees, threshold) : column<float>(trees, threshold);
  tensors[kLeft] = column<std::int32_t>(trees, [](const TreeNode& n) { return n.left; });
  tensors[kRight] = column<std::int32_t>(trees, [](const TreeNode& n) { return n.right; });
  tensors[kRoot] = Tensor::from(std::span<const Branch>(trees.roots), {signed_size(trees.size())});
  tensors[kDistribution] = Tensor::from(
      std::span<const float>(trees.distributions),
      {signed_size(trees.distributions.size() / trees.classes()), signed_size(trees.classes())});
  tensors[kImportance] = Tensor::from(std::span<const double>(forest_.importances),
                                      {signed_size(forest_.importances.size())});
  if (forest_.oob_score) {
    tensors[kOobScore] = Tensor::from(std::span<const double>(&*forest_.oob_score, 1), {1});
  }
}

void TreesEstimator::load(const ModelFile& file, const std::string& place, std::size_t dims,
                          std::size_t classes) {
  bool bytes = false;
  Forest forest{load_nodes(file, place, dims, classes, bytes), load_importances(file, place, dims),
                std::nullopt};
  if (file.tensors.contains(kOobScore)) {
    const double score = stored_array<double>(file, place, kOobScore, {1})[0];
    if (!(score >= 0 && score <= 1)) {
      throw DataError(fmt::format("{}: an out-of-bag score of {}", place, score));
    }
    forest.oob_score = score;
  }
  forest_ = std::move(forest);
  bytes_ = bytes;
}

std::string TreesEstimator::summary() const {
  const Trees& trees = forest_.trees;
  const auto& importances = forest_.importances;
  std::string text;
  if (trees.size() != 1) text += fmt::format("trees       {}\n", format_count(trees.size()));
  text += fmt::format("leaves      {}\n", format_count(trees.leaf_count()));
  text += fmt::format("depth       {}\n", trees.depth());
  if (forest_.oob_score) {
    text += fmt::format("out of bag  accuracy {:.2f} %\n", 100 * *forest_.oob_score);
  }
  const auto used = std::ranges::count_if(importances, [](double i) { return i > 0; });
  text += fmt::format("importance  {} of {} features used; most of all {}\n", used,
                      importances.size(), most_important(importances));
  return text;
}

}  // namespace thimble
