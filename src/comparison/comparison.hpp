// What came out of comparing models: every model's figures on every data set, and which
// differences between them are real.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "comparison/cell.hpp"
#include "data/dataset.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/significance.hpp"

namespace thimble {

struct ComparedModel {
  std::string name;
  CellResult measured;
  Evaluation evaluation;
  Probabilities probabilities;          ///< float32 [test samples, classes]
  std::vector<std::int32_t> predicted;  ///< int32 [test samples]
};

/// Two models of one data set, by their places in DataComparison::models; `first` is the one with
/// the higher accuracy, or the one that comes first.
struct ModelPair {
  std::size_t first = 0;
  std::size_t second = 0;
  PairedCounts counts;
  double p = 1;           ///< McNemar's test
  double p_adjusted = 1;  ///< Holm's correction over all pairs of the data set
  double difference = 0;  ///< of the accuracies, of 1
  Interval interval;      ///< of the difference, 95 %, for this pair alone

  /// Whether luck with the test pictures is ruled out at 5 %, over all pairs together.
  bool is_real() const { return p_adjusted < 0.05; }
};

/// All models on one data set.
struct DataComparison {
  std::string name;
  Dataset test;
  std::uint64_t training_samples = 0;
  std::vector<std::string> notes;     ///< what the reader of the figures should know
  std::vector<ComparedModel> models;  ///< most accurate first; of equals in the plan's order
  std::vector<ModelPair> pairs;       ///< (0, 1), (0, 2), ..., (1, 2), ...

  /// The pair of two models, whichever comes first.
  const ModelPair& pair(std::size_t a, std::size_t b) const;
};

struct Comparison {
  bool quick = false;
  std::optional<std::uint64_t> seed;
  double seconds = 0;  ///< of all trainings and measurements
  std::vector<DataComparison> data;
};

/// Judges finished cells against the labels of the test set, sorts the models and tests every pair.
/// @param cells  in the plan's order
DataComparison compare_models(std::string name, Dataset test, std::vector<FinishedCell> cells);

/// The comparison as the JSON object of comparison.json (docs/file-formats.md).
nlohmann::json to_json(const Comparison& comparison);

}  // namespace thimble
