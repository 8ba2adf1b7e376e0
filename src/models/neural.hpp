// Neural networks as classifiers: the glue between data sets, recipes and the engine in nn/.

#pragma once

#include <memory>
#include <string>

#include "models/classifier.hpp"
#include "models/model_file.hpp"
#include "models/neural_data.hpp"
#include "models/neural_options.hpp"
#include "models/recipe.hpp"
#include "nn/graph.hpp"
#include "nn/inference_pool.hpp"

namespace thimble {

/// A neural network, trained as its recipe says: from nothing, or from a trained network
/// (models/transfer.hpp), which is read when the classifier is made from its recipe.
///
/// With FitOptions::run_folder, fit() keeps a run there (models/run_folder.hpp): the history, a
/// checkpoint after every epoch and on interruption, and the best and last weights.
class NeuralClassifier : public Classifier {
 public:
  /// @throws UsageError, FileError, DataError  if a setting is wrong, or the model to start from
  ///                                           cannot be had or is not the one of the recipe
  explicit NeuralClassifier(Recipe recipe);
  NeuralClassifier(const ModelFile& file, const std::string& place);

  FitReport fit(const Dataset& train, const FitOptions& options) override;
  Probabilities predict_proba(const Images& pictures) const override;
  void save(const std::filesystem::path& path) const override;
  const ModelDescription& description() const override { return description_; }
  ModelDescription& description() override { return description_; }
  void to_onnx(onnx::ModelBuilder& builder, const OnnxOptions& options) const override;
  std::string summary() const override;

  /// The network's declaration.
  /// @throws UsageError  if it was neither trained nor loaded
  const nn::Graph& graph() const { return network().graph(); }
  /// The network with its parameters, ready to predict.
  /// @throws UsageError  if it was neither trained nor loaded
  const nn::InferencePool& network() const;

 private:
  /// What is to be trained on some data.
  struct Plan {
    nn::Graph graph;
    nn::InputScaling scaling;
    nn::TrainerOptions options;
    std::string summary;  ///< of what was taken over from another network
  };
  Plan plan_for(const Dataset& train, const PixelStatistics& statistics) const;

  Recipe recipe_;
  NeuralOptions options_;
  std::shared_ptr<const InitialNetwork> initial_;  // null: from nothing
  ModelDescription description_;
  std::unique_ptr<const nn::InferencePool> network_;  // null: neither trained nor loaded
};

/// For the table of families (models/registry.cpp).
std::unique_ptr<Classifier> make_neural(const Recipe& recipe);
std::unique_ptr<Classifier> load_neural(const ModelFile& file, const std::string& place);

}  // namespace thimble
