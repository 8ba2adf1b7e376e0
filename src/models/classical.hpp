// Classical models as classifiers: what trees, support vectors, neighbours and linear models share.
//
// A recipe's [features] table lists the steps from pictures to features, its [model] table holds
// what the family learns by, named as scikit-learn names it.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "base/progress.hpp"
#include "classical/feature_pipeline.hpp"
#include "classical/features.hpp"
#include "models/classifier.hpp"
#include "models/model_file.hpp"
#include "models/network_step.hpp"
#include "models/recipe.hpp"

namespace thimble {

class OnnxFeatures;

/// What a family does with features. A family's constructor takes the recipe's [model] table and
/// the seed, and throws UsageError for settings that it does not know:
///
///     ForestEstimator(const nlohmann::json& model, std::uint64_t seed);
class Estimator {
 public:
  virtual ~Estimator() = default;

  /// Learns. Called once, on a fresh object.
  /// @param validation  for early stopping; null where there is none
  /// @param progress    told of anything that takes more than a second
  /// @return            what stopped it and figures; `seconds` is filled in by the caller
  /// @throws DataError  if the samples do not suit the family
  /// @throws Cancelled  if `progress` asked to stop
  virtual FitReport fit(const classical::Samples& train, const classical::Samples* validation,
                        Progress& progress) = 0;

  /// Class probabilities; classes without a training sample get 0.
  /// @param out  float32 [features.size(), classes], to be filled; rows sum to 1
  virtual void predict_proba(const classical::Features& features, Probabilities& out) const = 0;

  /// The [model] table with every setting spelled out.
  virtual nlohmann::json settings() const = 0;

  /// Adds what was learned to a model file.
  virtual void save(ModelFile& file) const = 0;
  /// Takes the place of fit() in a loaded model. Checks everything before use.
  /// @throws DataError  naming `place` and what is wrong
  virtual void load(const ModelFile& file, const std::string& place, std::size_t dims,
                    std::size_t classes) = 0;

  /// Adds what predict_proba() does to an ONNX file (models/onnx_export.hpp).
  /// @return  the value of the probabilities, float32 [batch, classes]
  virtual std::string to_onnx(onnx::ModelBuilder& builder, OnnxFeatures& features,
                              std::size_t classes) const = 0;

  /// For `thimble model show`: a few lines of figures, each ending with a newline.
  virtual std::string summary() const = 0;
};

/// A classifier made of feature steps and an estimator. It learns in one go: a run that was
/// interrupted keeps nothing, and resuming it begins anew.
class ClassicalClassifier : public Classifier {
 public:
  using MakeEstimator =
      std::function<std::unique_ptr<Estimator>(const nlohmann::json& model, std::uint64_t seed)>;

  ClassicalClassifier(Recipe recipe, MakeEstimator make);
  ClassicalClassifier(const ModelFile& file, const std::string& place, MakeEstimator make);

  FitReport fit(const Dataset& train, const FitOptions& options) override;
  Probabilities predict_proba(const Images& pictures) const override;
  void save(const std::filesystem::path& path) const override;
  const ModelDescription& description() const override { return description_; }
  ModelDescription& description() override { return description_; }
  void to_onnx(onnx::ModelBuilder& builder, const OnnxOptions& options) const override;
  std::string summary() const override;

 private:
  void require_trained() const;
  classical::FeaturePipeline make_pipeline(const std::vector<std::string>& lines);

  MakeEstimator make_;
  Recipe recipe_;
  std::uint64_t seed_ = 1;
  NetworkSteps networks_;
  classical::FeaturePipeline pipeline_;
  std::unique_ptr<Estimator> estimator_;
  bool trained_ = false;
  ModelDescription description_;
};

/// For the table of families (models/registry.cpp): make_classical<ForestEstimator>.
template <class Family>
std::unique_ptr<Estimator> make_estimator(const nlohmann::json& model, std::uint64_t seed) {
  return std::make_unique<Family>(model, seed);
}

template <class Family>
std::unique_ptr<Classifier> make_classical(const Recipe& recipe) {
  return std::make_unique<ClassicalClassifier>(recipe, make_estimator<Family>);
}

template <class Family>
std::unique_ptr<Classifier> load_classical(const ModelFile& file, const std::string& place) {
  return std::make_unique<ClassicalClassifier>(file, place, make_estimator<Family>);
}

}  // namespace thimble
