// Choosing the samples that a model is judged by, and saying how far the figures can be trusted.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "data/splits.hpp"
#include "models/classifier.hpp"

namespace thimble {

enum class JudgedSplit { test, validation, train };

struct JudgedData {
  Dataset dataset;                 ///< labels are the model's class numbers
  bool seen_in_training = false;   ///< all or some of the samples trained the model
  std::vector<std::string> notes;  ///< what the reader of the figures should know, sentences
};

/// Takes the samples to judge `model` by from a data set.
///
/// The validation split is made anew as the model's training made it, from "training.seed" and
/// "training.validation_fraction" of its recipe; "train" is then the rest.
/// @param split  nothing: the test split, or everything where the source has none
/// @throws UsageError  if there is no such split
/// @throws DataError   if the pictures do not have the model's size, or the classes are others
JudgedData choose_judged_data(DatasetSplits splits, std::optional<JudgedSplit> split,
                              const ModelDescription& model);

/// What an evaluation says of the model that it judged: `model` of evaluation.json.
/// @param file  how the user called it
nlohmann::json judged_model_json(const ModelDescription& model, const std::string& file,
                                 bool flip_tta = false);

/// What an evaluation says of the samples that it judged by: `data` of evaluation.json.
nlohmann::json judged_data_json(const JudgedData& judged);

/// The samples that the training of `model` kept aside, made anew: to fit a temperature on.
/// @param splits  the data that the model was trained on
/// @throws UsageError  if the training kept none aside, or was of other data; says what to do
Dataset held_out_samples(const DatasetSplits& splits, const ModelDescription& model);

/// Gives the labels of `dataset` the numbers that the model's classes have.
///
/// Classes are matched by their names, so that their order, or a class without samples, does not
/// matter. Where names do not match but there are as many, the order counts.
/// @return            a note if classes were matched by their order alone
/// @throws DataError  if the data set has other classes; names them
std::optional<std::string> align_classes(Dataset& dataset, std::span<const std::string> classes);

}  // namespace thimble
