// k nearest neighbours as a model. The training samples are kept in its file, as bytes where the
// features are bytes.

#pragma once

#include <cstdint>
#include <vector>

#include "classical/neighbors.hpp"
#include "models/classical.hpp"

namespace thimble {

/// [model] of a recipe: n_neighbors (5), weights ("uniform" or "distance").
class KnnEstimator : public Estimator {
 public:
  /// @throws UsageError  if a setting is unknown or out of range
  KnnEstimator(const nlohmann::json& model, std::uint64_t seed);

  /// @throws DataError  if there are fewer samples than neighbours
  FitReport fit(const classical::Samples& train, const classical::Samples* validation,
                Progress& progress) override;
  void predict_proba(const classical::Features& features, Probabilities& out) const override;
  nlohmann::json settings() const override;
  void save(ModelFile& file) const override;
  void load(const ModelFile& file, const std::string& place, std::size_t dims,
            std::size_t classes) override;
  std::string to_onnx(onnx::ModelBuilder& builder, OnnxFeatures& features,
                      std::size_t classes) const override;
  std::string summary() const override;

 private:
  int n_neighbors_ = 5;
  classical::NeighborWeights weights_ = classical::NeighborWeights::uniform;
  classical::NearestNeighbors index_;
  std::vector<std::int32_t> labels_;
};

}  // namespace thimble
