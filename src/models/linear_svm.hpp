// Linear support vector machines, one class against the rest, as a model.

#pragma once

#include <cstdint>

#include "classical/linear_svm.hpp"
#include "models/classical.hpp"

namespace thimble {

/// [model] of a recipe: C (1), tol (1e-4), max_iter (1000), fit_intercept (true), intercept_scaling
/// (1), class_weight ("none" or "balanced").
///
/// Support vector machines know no probabilities: what predict_proba gives is the softmax of the
/// decision values, whose largest is that of the largest decision value.
class LinearSvmEstimator : public Estimator {
 public:
  /// @throws UsageError  if a setting is unknown or out of range
  LinearSvmEstimator(const nlohmann::json& model, std::uint64_t seed);

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
  classical::LinearSvmOptions options_;
  classical::LinearModel model_;
};

}  // namespace thimble
