// Gradient boosting as an estimator: family "boost".
//
// [model] holds the options of classical::BoostingOptions under their own names.

#pragma once

#include <cstdint>
#include <string>

#include "classical/boosting.hpp"
#include "models/classical.hpp"

namespace thimble {

class BoostEstimator : public Estimator {
 public:
  BoostEstimator(const nlohmann::json& model, std::uint64_t seed);

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
  classical::BoostingOptions options_;
  classical::Boosting model_;
};

}  // namespace thimble
