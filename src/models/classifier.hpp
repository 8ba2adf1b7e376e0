// The one thing every model is: pictures in, class probabilities out. Evaluation, serving, search
// and explanation see models only through this.

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/progress.hpp"
#include "data/dataset.hpp"
#include "imaging/preparation.hpp"

namespace thimble {

class NoveltyDetector;

namespace onnx {
class ModelBuilder;
}
struct OnnxOptions;

/// Class probabilities, float32 [n, classes], row-major; each row sums to 1.
class Probabilities {
 public:
  Probabilities() = default;
  Probabilities(std::size_t n, std::size_t classes) : classes_(classes), values_(n * classes) {}

  std::size_t size() const { return classes_ == 0 ? 0 : values_.size() / classes_; }
  std::size_t classes() const { return classes_; }
  std::span<const float> operator[](std::size_t i) const {
    return std::span(values_).subspan(i * classes_, classes_);
  }
  std::span<float> operator[](std::size_t i) {
    return std::span(values_).subspan(i * classes_, classes_);
  }
  std::span<const float> values() const { return values_; }
  std::span<float> values() { return values_; }

 private:
  std::size_t classes_ = 0;
  std::vector<float> values_;
};

/// What a finished epoch came to.
struct EpochFigures {
  int epoch = 0;  ///< from 1
  double loss = 0;
  double accuracy = 0;
  std::optional<double> validation_loss;
  std::optional<double> validation_accuracy;
};

/// What fitting needs beside the training data.
struct FitOptions {
  const Dataset* validation = nullptr;  ///< for early stopping and the curves; never the test set
  Progress* progress = nullptr;         ///< told about the progress; may ask to stop
  /// The run's folder, for models that write a history and checkpoints there; empty: write nothing.
  std::filesystem::path run_folder;
  bool resume = false;  ///< go on from the run folder's checkpoint, where there is one
  /// Told of each epoch; false ends the training there, with the model as it is then. Models that
  /// learn in one go do not call it, nor are the epochs told that a resumed training has behind it.
  std::function<bool(const EpochFigures&)> epoch_done = nullptr;
};

/// What fitting did.
struct FitReport {
  double seconds = 0;
  std::string stopped_because;  ///< "all 10 epochs done", "no better for 5 epochs", ...
  nlohmann::json details;       ///< family-specific figures (epochs, iterations, support vectors)
};

/// What is known of a model without running it; kept in its file.
struct ModelDescription {
  std::string family;  ///< "neural", "forest", ...
  std::string name;    ///< the recipe's name: "keras-cnn"
  PictureShape input;
  std::vector<std::string> classes;
  Provenance trained_on;
  nlohmann::json recipe;   ///< every setting that shaped the model
  nlohmann::json metrics;  ///< figures measured on validation (and test, once, at the end)
  std::string program_version;

  /// For pictures from outside of the data set.
  PictureStyle style = {};
  /// What the logits are divided by for probabilities that mean what they say; fitted on
  /// validation. predict_proba() does not apply it (evaluation/calibration.hpp does).
  double temperature = 1;
  /// Calibrated probability of the likeliest class below which an answer is called unsure; fitted
  /// on validation, where few right answers are below it.
  double unsure_below = 0.5;
  /// Tells pictures unlike the training pictures; null: the model has none.
  std::shared_ptr<const NoveltyDetector> novelty = nullptr;
};

/// A trained or trainable classifier of equal-sized 8-bit pictures.
///
/// Thread safety: const functions may be called from several threads at once.
class Classifier {
 public:
  virtual ~Classifier() = default;

  /// Fits to `train`, choosing nothing on any other data than `options.validation`.
  ///
  /// Deterministic for the recipe's seed and the number of threads.
  /// @throws DataError  if the pictures or labels do not suit the model (says which and why)
  /// @throws Cancelled  if `options.progress` asked to stop; the classifier is then as before
  virtual FitReport fit(const Dataset& train, const FitOptions& options) = 0;

  /// Class probabilities, one row a picture.
  ///
  /// @param pictures  uint8 [n, height, width, channels], the shape given at fit
  /// @return          float32 [n, classes], rows sum to 1; n = 0 gives an empty result
  /// @throws ShapeError  if the pictures' shape is not description().input
  virtual Probabilities predict_proba(const Images& pictures) const = 0;

  /// Writes one model file, atomically.
  virtual void save(const std::filesystem::path& path) const = 0;

  virtual const ModelDescription& description() const = 0;
  /// For filling in `metrics` before saving.
  virtual ModelDescription& description() = 0;

  /// Adds what turns pictures into class probabilities to an ONNX file (models/onnx_export.hpp).
  /// @throws UsageError  if ONNX's operators cannot say it; names what is in the way
  virtual void to_onnx(onnx::ModelBuilder& builder, const OnnxOptions& options) const;

  /// The model in words and figures for `thimble model show`: layers, parameters, sizes.
  virtual std::string summary() const = 0;
};

/// Opens any model, whatever its family: a model file, a run folder or the name of a shipped model.
/// @throws UsageError            if there is nothing of that name
/// @throws FileError, DataError  if it cannot be read or is no Thimble model; says which
std::unique_ptr<Classifier> load_classifier(const std::filesystem::path& path);

}  // namespace thimble
