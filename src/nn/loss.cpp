#include "nn/loss.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/exponential.hpp"
#include "base/parallel.hpp"
#include "base/simd.hpp"

namespace thimble::nn {
namespace {

constexpr std::size_t kLanes = 8;  // results side by side, so that one need not wait for another

THIMBLE_SIMD_CLONES
float largest(const float* x, std::size_t n) {
  float lanes[kLanes];
  for (float& lane : lanes) lane = x[0];
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      lanes[lane] = lanes[lane] < x[i + lane] ? x[i + lane] : lanes[lane];
  }
  for (; i < n; ++i) lanes[0] = lanes[0] < x[i] ? x[i] : lanes[0];
  return *std::max_element(lanes, lanes + kLanes);
}

/// exponentials[i] = e^(x[i] - shift), for shift >= x[i]; returns their sum. May work in place.
THIMBLE_SIMD_CLONES
double shifted_exponentials(const float* x, std::size_t n, float shift, float* exponentials) {
  for (std::size_t i = 0; i < n; ++i) {
    const float difference = x[i] - shift;
    exponentials[i] = difference < kLowestExponent ? kLowestExponent : difference;
  }
  for (std::size_t i = 0; i < n; ++i) exponentials[i] = exp_of_nonpositive(exponentials[i]);
  float lanes[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += exponentials[i + lane];
  }
  double sum = 0;
  for (; i < n; ++i) sum += exponentials[i];
  for (const float lane : lanes) sum += lane;
  return sum;
}

THIMBLE_SIMD_CLONES
void scale(float* x, std::size_t n, float factor) {
  for (std::size_t i = 0; i < n; ++i) x[i] *= factor;
}

THIMBLE_SIMD_CLONES
void scale_and_add(float* __restrict x, std::size_t n, float factor,
                   const float* __restrict weights, float weight_factor, float constant) {
  if (weights == nullptr) {
    for (std::size_t i = 0; i < n; ++i) x[i] = x[i] * factor + constant;
  } else {
    for (std::size_t i = 0; i < n; ++i) x[i] = x[i] * factor + weights[i] * weight_factor;
  }
}

/// Sum over the classes of weight * (x - shift).
double weighted_sum(std::span<const float> x, float shift, std::span<const float> weights) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double weight = weights.empty() ? 1.0 : weights[i];
    // A class without weight must not turn an infinite logit into 0 * infinity.
    if (weight != 0) sum += weight * (static_cast<double>(x[i]) - shift);
  }
  return sum;
}

/// Sum of e^(x - shift) where nobody wants the terms.
double sum_of_exponentials(std::span<const float> x, float shift) {
  constexpr std::size_t kScratch = 256;
  float scratch[kScratch];
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); i += kScratch) {
    sum += shifted_exponentials(x.data() + i, std::min(kScratch, x.size() - i), shift, scratch);
  }
  return sum;
}

/// Cross-entropy against the target of a sample with label y, in the weighted form of
/// torch.nn.CrossEntropyLoss,
///   t_c = (1 - smoothing) w_y [c = y] + smoothing / classes w_c,
/// is loss = -sum_c t_c log p_c with gradient p_c sum_c t_c - t_c. The batch's mean divides both by
/// the sum of all w_y.
class CrossEntropy {
 public:
  CrossEntropy(const LossOptions& options, std::size_t classes, double batch_weight)
      : class_weights_(options.class_weights),
        on_label_(1 - options.label_smoothing),
        on_class_(options.label_smoothing / static_cast<double>(classes)),
        scale_(batch_weight > 0 ? 1 / batch_weight : 0) {
    double total = 0;
    for (const float weight : class_weights_) total += weight;
    spread_ = on_class_ * (class_weights_.empty() ? static_cast<double>(classes) : total);
  }

  /// Adds one sample to `sums`; writes its gradient unless `gradient` is empty.
  void add_sample(std::span<const float> logits, std::size_t label, std::span<float> gradient,
                  BatchLoss& sums) const {
    const float top = largest(logits.data(), logits.size());
    const double sum =
        gradient.empty() ? sum_of_exponentials(logits, top)
                         : shifted_exponentials(logits.data(), logits.size(), top, gradient.data());
    const double label_weight =
        on_label_ * (class_weights_.empty() ? 1.0 : static_cast<double>(class_weights_[label]));
    const double target = label_weight + spread_;
    if (target > 0) {
      double loss = target * std::log(sum);
      if (label_weight > 0) loss -= label_weight * (static_cast<double>(logits[label]) - top);
      if (on_class_ > 0) loss -= on_class_ * weighted_sum(logits, top, class_weights_);
      sums.loss += loss * scale_;
    }
    const auto first = std::find(logits.begin(), logits.end(), top) - logits.begin();
    sums.correct += static_cast<std::size_t>(first) == label ? 1 : 0;
    if (gradient.empty()) return;
    const auto on_class = static_cast<float>(-on_class_ * scale_);
    scale_and_add(gradient.data(), gradient.size(), static_cast<float>(target * scale_ / sum),
                  class_weights_.empty() ? nullptr : class_weights_.data(), on_class, on_class);
    gradient[label] -= static_cast<float>(label_weight * scale_);
  }

 private:
  std::span<const float> class_weights_;
  double on_label_;
  double on_class_;
  double scale_;
  double spread_ = 0;  // what smoothing gives to all classes together
};

void check_arguments(std::span<const float> logits, std::span<const std::int32_t> labels,
                     std::size_t classes, const LossOptions& options,
                     std::span<const float> gradients) {
  if (logits.size() != labels.size() * classes)
    throw ShapeError(fmt::format("cross_entropy: {} logits, expected {} samples times {} classes",
                                 logits.size(), labels.size(), classes));
  if (!gradients.empty() && gradients.size() != logits.size())
    throw ShapeError(
        fmt::format("cross_entropy: {} gradients for {} logits", gradients.size(), logits.size()));
  if (!options.class_weights.empty() && options.class_weights.size() != classes)
    throw ShapeError(fmt::format("cross_entropy: {} class weights for {} classes",
                                 options.class_weights.size(), classes));
  if (!(options.label_smoothing >= 0 && options.label_smoothing < 1))
    throw UsageError(fmt::format("label_smoothing: {}, expected 0 or more and below 1",
                                 options.label_smoothing));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || static_cast<std::size_t>(labels[i]) >= classes)
      throw DataError(fmt::format("cross_entropy: label {} of sample {}, expected 0 to {}",
                                  labels[i], i, static_cast<std::int64_t>(classes) - 1));
  }
}

double weight_of_labels(std::span<const std::int32_t> labels, std::span<const float> weights) {
  if (weights.empty()) return static_cast<double>(labels.size());
  double sum = 0;
  for (const std::int32_t label : labels) sum += weights[static_cast<std::size_t>(label)];
  return sum;
}

/// Rows that are worth a thread of their own.
std::size_t rows_a_chunk(std::size_t classes) {
  constexpr std::size_t kLogitsAThread = 8192;
  return std::max<std::size_t>(1, kLogitsAThread / classes);
}

}  // namespace

BatchLoss cross_entropy(std::span<const float> logits, std::span<const std::int32_t> labels,
                        std::size_t classes, const LossOptions& options,
                        std::span<float> gradients) {
  check_arguments(logits, labels, classes, options, gradients);
  BatchLoss batch;
  batch.weight = weight_of_labels(labels, options.class_weights);
  if (labels.empty()) return batch;
  const CrossEntropy criterion(options, classes, batch.weight);
  const auto add_rows = [&](std::size_t begin, std::size_t end, BatchLoss& sums) {
    for (std::size_t row = begin; row < end; ++row) {
      criterion.add_sample(
          logits.subspan(row * classes, classes), static_cast<std::size_t>(labels[row]),
          gradients.empty() ? gradients : gradients.subspan(row * classes, classes), sums);
    }
  };

  const std::size_t rows = rows_a_chunk(classes);
  if (labels.size() <= rows) {
    add_rows(0, labels.size(), batch);
    return batch;
  }
  // One sum per chunk of fixed size, so that the total does not depend on the number of threads.
  std::vector<BatchLoss> sums((labels.size() + rows - 1) / rows);
  parallel_for(sums.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t chunk = begin; chunk < end; ++chunk)
      add_rows(chunk * rows, std::min(labels.size(), (chunk + 1) * rows), sums[chunk]);
  });
  for (const BatchLoss& sum : sums) {
    batch.loss += sum.loss;
    batch.correct += sum.correct;
  }
  return batch;
}

void softmax(std::span<float> logits, std::size_t classes) {
  if (logits.empty()) return;
  if (classes == 0 || logits.size() % classes != 0)
    throw ShapeError(
        fmt::format("softmax: {} logits are no rows of {} classes", logits.size(), classes));
  parallel_for(logits.size() / classes, rows_a_chunk(classes),
               [&](std::size_t begin, std::size_t end) {
                 for (std::size_t row = begin; row < end; ++row) {
                   float* x = logits.data() + row * classes;
                   const double sum = shifted_exponentials(x, classes, largest(x, classes), x);
                   scale(x, classes, static_cast<float>(1 / sum));
                 }
               });
}

}  // namespace thimble::nn
