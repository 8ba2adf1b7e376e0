// Categorical cross-entropy on logits, and its gradient.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace thimble::nn {

struct LossOptions {
  double label_smoothing = 0;  ///< in [0, 1): target (1 - s) on the label, s / classes on all
  std::span<const float> class_weights = {};  ///< float32 [classes]; empty: all 1
};

struct BatchLoss {
  double loss = 0;          ///< weighted mean over the batch, as torch.nn.CrossEntropyLoss gives it
  double weight = 0;        ///< sum of the samples' class weights (their number where all are 1)
  std::size_t correct = 0;  ///< samples whose largest logit is the label's (ties: the first)
};

/// Mean cross-entropy of a batch and its gradient with respect to the logits.
///
/// @param logits     float32 [n, classes]
/// @param labels     int32 [n], in [0, classes)
/// Where the class weights of all labels are 0, loss and gradient are 0. The result does not depend
/// on the number of threads.
///
/// @param gradients  float32 [n, classes], overwritten; empty: loss only
/// @throws ShapeError  if the sizes do not agree
/// @throws DataError   if a label is not in [0, classes); names the sample
/// @throws UsageError  if the label smoothing is not in [0, 1)
BatchLoss cross_entropy(std::span<const float> logits, std::span<const std::int32_t> labels,
                        std::size_t classes, const LossOptions& options,
                        std::span<float> gradients);

/// Softmax of each row, in place: float32 [n, classes].
/// @throws ShapeError  if the size is no multiple of `classes`
void softmax(std::span<float> logits, std::size_t classes);

}  // namespace thimble::nn
