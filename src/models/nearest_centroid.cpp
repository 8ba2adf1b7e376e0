#include "models/nearest_centroid.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.hpp"
#include "models/settings.hpp"
#include "models/stored_array.hpp"

namespace thimble {
namespace {

using classical::NearestCentroid;

constexpr const char* kCount = "nearest_centroid.class_count";
constexpr const char* kCentroids = "nearest_centroid.centroids";
constexpr const char* kVariance = "nearest_centroid.variance";

}  // namespace

NearestCentroidEstimator::NearestCentroidEstimator(const nlohmann::json& model, std::uint64_t) {
  Settings(model, "model").finish();
}

FitReport NearestCentroidEstimator::fit(const classical::Samples& train, const classical::Samples*,
                                        Progress& progress) {
  model_ = NearestCentroid::fit(train, progress);
  FitReport report;
  report.stopped_because = "all samples are counted";
  report.details["samples"] = train.size();
  return report;
}

void NearestCentroidEstimator::predict_proba(const classical::Features& features,
                                             Probabilities& out) const {
  model_.predict_proba(features, out.values());
}

nlohmann::json NearestCentroidEstimator::settings() const { return nlohmann::json::object(); }

void NearestCentroidEstimator::save(ModelFile& file) const {
  const auto classes = static_cast<std::int64_t>(model_.class_count().size());
  const auto d = static_cast<std::int64_t>(model_.centroids().size()) / classes;
  const double variance = model_.variance();
  file.tensors[kCount] = Tensor::from(model_.class_count(), {classes});
  file.tensors[kCentroids] = Tensor::from(model_.centroids(), {classes, d});
  file.tensors[kVariance] = Tensor::from(std::span(&variance, 1), {1});
}

void NearestCentroidEstimator::load(const ModelFile& file, const std::string& place,
                                    std::size_t dims, std::size_t classes) {
  const auto count = static_cast<std::int64_t>(classes);
  const auto counts = stored_array<std::int64_t>(file, place, kCount, {count});
  const auto centroids =
      stored_array<double>(file, place, kCentroids, {count, static_cast<std::int64_t>(dims)});
  const double variance = stored_array<double>(file, place, kVariance, {1})[0];
  try {
    model_ = NearestCentroid({counts.begin(), counts.end()}, {centroids.begin(), centroids.end()},
                             variance);
  } catch (const Error& e) {
    throw DataError(fmt::format("{}: {}", place, e.what()));
  }
}

std::string NearestCentroidEstimator::summary() const {
  const auto counts = model_.class_count();
  const auto seen = std::ranges::count_if(counts, [](std::int64_t count) { return count > 0; });
  return fmt::format("centroids   {}; deviation around them {:.4g} a feature\n", seen,
                     std::sqrt(model_.variance()));
}

}  // namespace thimble
