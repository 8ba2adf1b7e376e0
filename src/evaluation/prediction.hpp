// Asking a classifier about any number of pictures.

#pragma once

#include <cstddef>

#include "base/progress.hpp"
#include "imaging/images.hpp"
#include "models/classifier.hpp"

namespace thimble {

struct PredictionOptions {
  bool flip_tta = false;          ///< test-time augmentation: average the probabilities of the
                                  ///< picture and of its mirror image
  std::size_t batch_size = 1000;  ///< pictures given to the classifier at a time; bounds the memory
  Progress* progress = nullptr;   ///< told about the progress; may ask to stop
};

/// Class probabilities of all `pictures`, batch by batch.
///
/// @return            float32 [n, classes], rows sum to 1
/// @throws DataError  if the pictures' shape is not the one the model takes; names both
/// @throws Cancelled  if options.progress asked to stop
Probabilities predict(const Classifier& classifier, const Images& pictures,
                      const PredictionOptions& options = {});

/// Whether a model learned from mirrored pictures too, as its recipe tells: classical models never
/// do; true if the recipe says nothing of it. Flip augmentation at test time does others more harm
/// than good: shoes that always pointed to the left are strangers when they point to the right.
bool knows_mirror_images(const ModelDescription& model);

/// Whether a model's probabilities are shares of the votes that its pairs of classes cast, as those
/// of a kernel SVM trained without `probability = true`. They rank the classes, but do not say how
/// sure an answer is: of ten classes the winner gets 9 of 45 votes, 20 %.
bool answers_by_votes(const ModelDescription& model);

}  // namespace thimble
