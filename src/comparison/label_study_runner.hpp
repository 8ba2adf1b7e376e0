// Carries out a study of few labels in a folder that it can be taken up from again.
//
//     study-plan.json              the data, the trained network and the ways' settings
//     <labels>-<seed>-<way>.json   a finished training: its accuracy and time
//     study.json                   all figures; written by whoever shows them, as is report.html

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "comparison/label_study.hpp"
#include "data/dataset.hpp"

namespace thimble {

struct LabelStudyOptions {
  std::string init = "cnn";  ///< a trained network: model file, run folder or shipped model
  std::string data = "mnist";
  std::filesystem::path data_dir;
  std::vector<int> labels = {10, 50, 100};  ///< pictures a class
  int seeds = 5;                            ///< at least 1: seeds 1, 2, ...
  /// Changes of the settings of the trained ways, from nothing and fine-tuned alike, as --set takes
  /// them.
  std::vector<std::string> settings;
  /// Judge by training pictures that no training takes, instead of the test split: for choosing
  /// settings.
  bool validate = false;
};

struct LabelStudyFolder {
  explicit LabelStudyFolder(std::filesystem::path folder) : path(std::move(folder)) {}

  std::filesystem::path path;
  std::filesystem::path plan() const { return path / "study-plan.json"; }
  std::filesystem::path result(int labels, std::uint64_t seed, const std::string& way) const;
  std::filesystem::path figures() const { return path / "study.json"; }
  std::filesystem::path report() const { return path / "report.html"; }
};

/// Which of all the trainings is at work.
struct LabelStudyPlace {
  std::size_t number = 0;  ///< 1, 2, ...
  std::size_t trainings = 0;
  int labels = 0;
  std::uint64_t seed = 0;
  std::string way;
};

/// Hears how a study goes on. The default says nothing.
class LabelStudyObserver {
 public:
  virtual ~LabelStudyObserver() = default;

  /// @return  what is told of the progress of this training; may ask to stop; not null
  virtual std::unique_ptr<Progress> begin(const LabelStudyPlace& place) {
    (void)place;
    return std::make_unique<Progress>();
  }
  /// @param kept  it was there from an earlier time
  virtual void finished(const LabelStudyPlace& place, double accuracy, double seconds, bool kept) {
    (void)place, (void)accuracy, (void)seconds, (void)kept;
  }
};

/// Draws `labels` pictures of each class, in ascending order. Of one seed, a larger draw holds the
/// smaller ones; what is drawn of a class depends on the seed and that class's pictures alone.
/// @throws UsageError  if a class has fewer; names it
std::vector<std::size_t> draw_labels(const Dataset& dataset, int labels, std::uint64_t seed);

/// Trains in every way with every number of labels from every seed's draw, those that the folder
/// holds already left out, and judges each once by the test split.
/// @throws UsageError  if the options are out of range, the model is no network with an embedding,
///                     the data has no test split, or the folder holds another study (names the
///                     first difference)
/// @throws FileError, DataError  if data or model cannot be read or do not suit each other, or the
///                               folder cannot be written
/// @throws Cancelled   if an observer's progress asked to stop; what is finished is kept
LabelStudy run_label_study(const LabelStudyOptions& options, const std::filesystem::path& folder,
                           LabelStudyObserver& observer);

}  // namespace thimble
