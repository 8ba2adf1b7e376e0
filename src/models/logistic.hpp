// Multinomial logistic regression as a model.

#pragma once

#include <cstdint>

#include "classical/logistic.hpp"
#include "models/classical.hpp"

namespace thimble {

/// [model] of a recipe: C (1), penalty ("l2", "l1" or "none"), tol (1e-4), max_iter (1000),
/// fit_intercept (true), class_weight ("none" or "balanced"), solver ("auto", "newton-cg" or
/// "lbfgs", which with l1 is OWL-QN).
class LogisticEstimator : public Estimator {
 public:
  /// @throws UsageError  if a setting is unknown or out of range
  LogisticEstimator(const nlohmann::json& model, std::uint64_t seed);

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
  classical::LogisticOptions options_;
  classical::LinearModel model_;
};

}  // namespace thimble
