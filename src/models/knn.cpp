#include "models/knn.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.hpp"
#include "models/settings.hpp"
#include "models/stored_array.hpp"

namespace thimble {
namespace {

using classical::Features;
using classical::NearestNeighbors;
using classical::NeighborWeights;

constexpr const char* kRows = "knn.rows";
constexpr const char* kScale = "knn.scale";
constexpr const char* kLabels = "knn.labels";

NearestNeighbors load_rows(const ModelFile& file, const std::string& place, std::int64_t d) {
  const auto found = file.tensors.find(kRows);
  const auto dims = static_cast<std::size_t>(d);
  if (found != file.tensors.end() && found->second.type == TensorType::u8) {
    const auto bytes = stored_array<std::uint8_t>(file, place, kRows, {kAnySize, d});
    const float scale = stored_array<float>(file, place, kScale, {1})[0];
    if (!(scale > 0) || !std::isfinite(scale)) {
      throw DataError(
          fmt::format("{}: tensor {} is {}, expected a positive number", place, kScale, scale));
    }
    return NearestNeighbors(Features(bytes, dims, scale));
  }
  const auto values = stored_array<float>(file, place, kRows, {kAnySize, d});
  linalg::Matrix rows(dims == 0 ? 0 : values.size() / dims, dims);
  std::ranges::copy(values, rows.data());
  return NearestNeighbors(Features(std::move(rows)));
}

}  // namespace

KnnEstimator::KnnEstimator(const nlohmann::json& model, std::uint64_t) {
  Settings settings(model, "model");
  settings.read("n_neighbors", n_neighbors_);
  if (n_neighbors_ < 1) {
    settings.refuse("n_neighbors", fmt::format("got {}, expected 1 or more", n_neighbors_));
  }
  std::string weights = "uniform";
  settings.read_choice("weights", weights, {"uniform", "distance"});
  weights_ = weights == "uniform" ? NeighborWeights::uniform : NeighborWeights::distance;
  settings.finish();
}

FitReport KnnEstimator::fit(const classical::Samples& train, const classical::Samples*, Progress&) {
  if (static_cast<std::size_t>(n_neighbors_) > train.size()) {
    throw DataError(fmt::format("knn: n_neighbors = {}, but there are only {} samples",
                                n_neighbors_, train.size()));
  }
  index_ = NearestNeighbors(train.features);
  labels_.assign(train.labels.begin(), train.labels.end());
  FitReport report;
  report.stopped_because = "all samples are stored";
  report.details["samples"] = labels_.size();
  return report;
}

void KnnEstimator::predict_proba(const classical::Features& features, Probabilities& out) const {
  classical::vote(index_.search(features, static_cast<std::size_t>(n_neighbors_)), labels_,
                  out.classes(), weights_, out.values());
}

nlohmann::json KnnEstimator::settings() const {
  return {{"n_neighbors", n_neighbors_},
          {"weights", weights_ == NeighborWeights::uniform ? "uniform" : "distance"}};
}

void KnnEstimator::save(ModelFile& file) const {
  const auto n = static_cast<std::int64_t>(index_.size());
  const auto d = static_cast<std::int64_t>(index_.dims());
  if (index_.is_bytes()) {
    const std::vector<std::uint8_t> bytes = index_.bytes();
    const float scale = index_.scale();
    file.tensors[kRows] = Tensor::from(std::span(bytes), {n, d});
    file.tensors[kScale] = Tensor::from(std::span(&scale, 1), {1});
  } else {
    file.tensors[kRows] = Tensor::from(index_.values().values(), {n, d});
  }
  file.tensors[kLabels] = Tensor::from(std::span(labels_), {n});
}

void KnnEstimator::load(const ModelFile& file, const std::string& place, std::size_t dims,
                        std::size_t classes) {
  NearestNeighbors index = load_rows(file, place, static_cast<std::int64_t>(dims));
  const auto n = static_cast<std::int64_t>(index.size());
  const auto labels = stored_array<std::int32_t>(file, place, kLabels, {n});
  for (const std::int32_t label : labels) {
    if (label < 0 || static_cast<std::size_t>(label) >= classes) {
      throw DataError(fmt::format("{}: tensor {} holds {}, expected 0 to {}", place, kLabels, label,
                                  classes - 1));
    }
  }
  if (labels.size() < static_cast<std::size_t>(n_neighbors_)) {
    throw DataError(fmt::format("{}: n_neighbors = {}, but there are only {} samples", place,
                                n_neighbors_, labels.size()));
  }
  index_ = std::move(index);
  labels_.assign(labels.begin(), labels.end());
}

std::string KnnEstimator::summary() const {
  return fmt::format(
      "neighbors   {} nearest of {} stored samples, {}\ndistances   Euclidean, {}\n", n_neighbors_,
      index_.size(),
      weights_ == NeighborWeights::uniform ? "all counting the same" : "counting 1 / distance",
      index_.is_bytes() ? "exact products of bytes" : "products of float32, decided in float64");
}

}  // namespace thimble
