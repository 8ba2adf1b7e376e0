// The nearest class mean as a model.

#pragma once

#include <cstdint>

#include "classical/nearest_centroid.hpp"
#include "models/classical.hpp"

namespace thimble {

/// Takes no settings in [model]. classical/nearest_centroid.hpp says what the probabilities are.
class NearestCentroidEstimator : public Estimator {
 public:
  /// @throws UsageError  if there is a setting
  NearestCentroidEstimator(const nlohmann::json& model, std::uint64_t seed);

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
  classical::NearestCentroid model_;
};

}  // namespace thimble
