// The settings of a neural recipe, with types.

#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "imaging/augmentation.hpp"
#include "models/recipe.hpp"
#include "models/transfer.hpp"
#include "nn/trainer.hpp"
#include "nn/zoo.hpp"

namespace thimble {

struct NeuralOptions {
  std::string architecture;             ///< a name of nn/zoo; empty: `layers` say it
  nn::ArchitectureOptions variation;    ///< of the architecture, complete
  std::vector<std::string> layers;      ///< lines of nn/graph.hpp
  std::string scaling = "standardize";  ///< "standardize": (x/255 - mean) / deviation of the
                                        ///< training split, by channel; "unit": x/255
  TransferOptions transfer;
  AugmentationOptions augmentation;
  nn::TrainerOptions trainer;          ///< without the class weights, which come from the data
  std::string class_weights = "none";  ///< "none", or "balanced": samples / (classes * count)
  double validation_fraction = 0.1;    ///< share of the training split held out for validation
};

/// Reads a recipe's tables [model], [transfer], [preprocessing], [augmentation], [optimizer],
/// [schedule] and [training]. Opens no file: with transfer.init, [model] may be missing, and is
/// what NeuralClassifier then makes it.
/// @throws UsageError  if a key is unknown, a value of the wrong type or out of range
NeuralOptions read_neural_options(const Recipe& recipe);

/// All settings, defaults spelled out, as read_neural_options() reads them. Those of a start from a
/// trained model, [transfer] and optimizer.backbone_lr_scale, only where they are used.
nlohmann::json to_json(const NeuralOptions& options);

}  // namespace thimble
