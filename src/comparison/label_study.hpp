// What a trained network is worth where few pictures have labels: the same few pictures learned
// from nothing and from the network, for several numbers of labels and several draws of them.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "evaluation/interval.hpp"

namespace thimble {

/// One way of learning from few labels.
struct LabelStudyWay {
  std::string name;         ///< "scratch", "head", "fine-tuned"
  std::string title;        ///< "From nothing"
  std::string description;  ///< a sentence: what is learned, from what, for how long
};

/// One way at one number of labels, over all seeds.
struct LabelStudyCell {
  std::vector<double>
      accuracies;         ///< on the judging split, of 1; one a seed, in the order of `seeds`
  MeanInterval accuracy;  ///< over the seeds
  /// This way's accuracy less that of the first way with the same pictures, over the seeds; nothing
  /// for the first way.
  std::optional<MeanInterval> gain;
  double seconds = 0;  ///< of one training, on average
};

struct LabelStudy {
  std::string data;             ///< name of the data set: "mnist"
  std::string init;             ///< the trained network, as it was named: "cnn"
  std::string init_name;        ///< its recipe's name
  std::string init_trained_on;  ///< name of the data set that it was trained on: "fashion-mnist"
  std::vector<std::string> classes;
  /// What judges every training: "test", or "validation" where training pictures that no training
  /// takes stand in for it, to choose settings by.
  std::string split = "test";
  std::size_t test_samples = 0;      ///< pictures that judge
  std::vector<int> labels;           ///< pictures a class to learn from, ascending: 10, 50, 100
  std::vector<std::uint64_t> seeds;  ///< each draws the pictures and starts the training
  std::vector<LabelStudyWay>
      ways;  ///< the first, from nothing, is what the others are held against
  std::vector<LabelStudyCell> cells;  ///< [labels][ways]
  double seconds = 0;                 ///< of all trainings
  std::vector<std::string> notes;     ///< what the reader of the figures should know

  const LabelStudyCell& cell(std::size_t labels_index, std::size_t way_index) const {
    return cells.at(labels_index * ways.size() + way_index);
  }
};

/// Fills `cell.accuracy` and `cell.gain` of every cell from the accuracies.
void summarise(LabelStudy& study);

/// The study as the JSON object of study.json (docs/file-formats.md).
nlohmann::json to_json(const LabelStudy& study);

/// A table for each number of labels, in lines of at most 100 columns, and what they say.
std::string to_text(const LabelStudy& study);

}  // namespace thimble
