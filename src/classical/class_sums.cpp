#include "classical/class_sums.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/simd.hpp"

namespace thimble::classical {
namespace {

// Samples that one task sums up, and tasks between two looks at the progress.
constexpr std::size_t kBlock = 2048;
constexpr std::size_t kWave = 8;
// Samples whose features are looked up at a time.
constexpr std::size_t kCopied = 64;

THIMBLE_SIMD_CLONES
void add_values(const float* x, std::size_t d, double* sums) {
  for (std::size_t j = 0; j < d; ++j) sums[j] += static_cast<double>(x[j]);
}

THIMBLE_SIMD_CLONES
void add_squares(const float* x, const double* means, std::size_t d, double* sums) {
  for (std::size_t j = 0; j < d; ++j) {
    const double difference = static_cast<double>(x[j]) - means[j];
    sums[j] += difference * difference;
  }
}

/// Calls `visit(index, x)` for the samples [begin, end).
template <class Visit>
void for_each_sample(const Features& features, std::size_t begin, std::size_t end,
                     const Visit& visit) {
  const std::size_t d = features.dims();
  std::vector<float> values(std::min(kCopied, end - begin) * d);
  for (std::size_t first = begin; first < end; first += kCopied) {
    const std::size_t last = std::min(first + kCopied, end);
    features.copy(first, last, values.data());
    for (std::size_t i = first; i < last; ++i) visit(i, values.data() + (i - first) * d);
  }
}

void softmax(std::span<double> scores, std::span<float> out) {
  constexpr double kImpossible = -std::numeric_limits<double>::infinity();
  const bool usable = std::ranges::all_of(
      scores, [](double score) { return std::isfinite(score) || score == kImpossible; });
  if (!usable) {
    for (double& score : scores) score = score == kImpossible ? kImpossible : 0;
  }
  const double largest = *std::ranges::max_element(scores);
  double total = 0;
  for (double& score : scores) {
    score = std::exp(score - largest);
    total += score;
  }
  for (std::size_t c = 0; c < scores.size(); ++c) out[c] = static_cast<float>(scores[c] / total);
}

}  // namespace

std::vector<std::int64_t> class_counts(const Samples& samples) {
  std::vector<std::int64_t> counts(samples.classes);
  for (const std::int32_t label : samples.labels) ++counts[static_cast<std::size_t>(label)];
  return counts;
}

std::vector<double> class_sums(const Samples& samples, const AddSample& add, Progress& progress) {
  const std::size_t d = samples.features.dims();
  const std::size_t n = samples.size();
  const std::size_t blocks = (n + kBlock - 1) / kBlock;
  std::vector<double> sums(samples.classes * d);
  std::vector<std::vector<double>> parts(std::min(kWave, blocks));
  for (std::size_t wave = 0; wave < blocks; wave += kWave) {
    const std::size_t now = std::min(kWave, blocks - wave);
    parallel_tasks(now, [&](std::size_t task) {
      if (progress.stop_requested()) throw Cancelled("training was stopped");
      parts[task].assign(sums.size(), 0);
      const std::size_t begin = (wave + task) * kBlock;
      for_each_sample(samples.features, begin, std::min(begin + kBlock, n),
                      [&](std::size_t i, const float* x) {
                        const auto label = static_cast<std::size_t>(samples.labels[i]);
                        add(i, x, parts[task].data() + label * d);
                      });
    });
    for (std::size_t task = 0; task < now; ++task) {
      for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += parts[task][i];
    }
    progress.update(std::min((wave + now) * kBlock, n), n, "");
  }
  return sums;
}

std::vector<double> class_means(const Samples& samples, Progress& progress) {
  const std::size_t d = samples.features.dims();
  std::vector<double> means = class_sums(
      samples, [d](std::size_t, const float* x, double* sums) { add_values(x, d, sums); },
      progress);
  const auto counts = class_counts(samples);
  for (std::size_t c = 0; c < samples.classes; ++c) {
    if (counts[c] == 0) continue;
    for (double& mean : std::span(means).subspan(c * d, d)) {
      mean /= static_cast<double>(counts[c]);
    }
  }
  return means;
}

std::vector<double> class_squares(const Samples& samples, std::span<const double> means,
                                  Progress& progress) {
  const std::size_t d = samples.features.dims();
  return class_sums(
      samples,
      [&](std::size_t i, const float* x, double* sums) {
        const auto label = static_cast<std::size_t>(samples.labels[i]);
        add_squares(x, means.data() + label * d, d, sums);
      },
      progress);
}

void probabilities_of(const Features& features, std::size_t classes, const ScoreSample& score,
                      std::span<float> out) {
  constexpr std::size_t kGrain = 16;
  parallel_for(features.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    std::vector<double> scores(classes);
    for_each_sample(features, begin, end, [&](std::size_t i, const float* x) {
      score(x, scores);
      softmax(scores, out.subspan(i * classes, classes));
    });
  });
}

}  // namespace thimble::classical
