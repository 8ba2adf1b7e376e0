// Whether a picture looks like those that a model was trained on at all.
//
// A classifier must name one of its classes, also for a cat, a blank sheet or the letter Q. The
// detector knows nothing of the classifier: it looks at the pictures alone, so every family of
// models has it.

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "data/dataset.hpp"
#include "models/model_file.hpp"

namespace thimble {

/// Scores how unlike the training pictures a picture is.
///
/// Thread safety: const functions may be called from several threads at once.
class NoveltyDetector {
 public:
  /// Share of familiar pictures that may be taken for novel ones: what the threshold is set by.
  static constexpr double kFalseAlarms = 0.03;
  /// Training pictures that fit() needs.
  static constexpr std::size_t kFewestPictures = 20;

  /// Learns from the training pictures, and sets the threshold on validation pictures, which it did
  /// not learn from; on both also as a photo may show them, slightly blurred, shifted and mirrored.
  /// Of very large sets it uses a part. Deterministic, whatever the number of threads.
  /// @throws DataError  if there are too few pictures or they do not suit it
  static NoveltyDetector fit(const Dataset& train, const Dataset& validation,
                             Progress* progress = nullptr);

  /// One score a picture: at most 1 means familiar, above it means novel. Scores grow with the
  /// distance from the training pictures; only their order and the 1 have a meaning.
  /// @param pictures  uint8 [n, height, width, channels], the shape given at fit
  /// @return          float32 [n]
  /// @throws ShapeError  if the pictures' shape is another
  std::vector<float> scores(const Images& pictures) const;

  /// Adds its tensors, named "novelty.…", to a model's file.
  void save(ModelFile& file) const;
  /// Reads them back; null where the file has none.
  /// @param shape       of the model's input
  /// @throws DataError  if they are damaged or of another shape; names `place`
  static std::shared_ptr<const NoveltyDetector> load(const ModelFile& file,
                                                     const std::string& place,
                                                     const PictureShape& shape);

 private:
  struct Parameters;
  explicit NoveltyDetector(std::shared_ptr<const Parameters> parameters);
  std::shared_ptr<const Parameters> parameters_;
};

}  // namespace thimble
