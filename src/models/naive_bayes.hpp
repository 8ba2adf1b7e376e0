// Naive Bayes as a model.

#pragma once

#include <cstdint>

#include "classical/naive_bayes.hpp"
#include "models/classical.hpp"

namespace thimble {

/// [model] of a recipe: variant ("gaussian", "multinomial" or "bernoulli"); for gaussian
/// var_smoothing (1e-9); for the others alpha (1); for bernoulli binarize (0).
class NaiveBayesEstimator : public Estimator {
 public:
  /// @throws UsageError  if a setting is unknown, of another variant or out of range
  NaiveBayesEstimator(const nlohmann::json& model, std::uint64_t seed);

  /// @throws DataError  if a feature is negative and the variant multinomial
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
  std::string variant_ = "gaussian";
  classical::NaiveBayesOptions options_;
  classical::NaiveBayes model_;
};

}  // namespace thimble
