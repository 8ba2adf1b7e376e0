// What a model costs: time, disk, memory.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

#include <nlohmann/json.hpp>

#include "base/progress.hpp"
#include "imaging/images.hpp"
#include "models/classifier.hpp"

namespace thimble {

/// How long a model takes for a single picture.
struct Latency {
  double median_seconds = 0;
  double p95_seconds = 0;  ///< 95 of 100 calls take at most this long
  std::size_t calls = 0;
};

/// How fast a model answers on this machine, at this moment.
struct AnswerSpeed {
  int threads = 0;
  std::size_t batch_size = 0;      ///< pictures a call, for the rate
  double pictures_per_second = 0;  ///< the best of a few calls
  Latency latency;
};

/// Measures with pictures of the model's shape, about a second in all, longer only where the model
/// is so slow that a few calls take longer. The first call of each kind warms up and does not
/// count.
/// @throws UsageError  if there are no pictures
/// @throws Cancelled   if `progress` asked to stop
AnswerSpeed measure_speed(const Classifier& classifier, const Images& pictures,
                          const Progress* progress = nullptr);

/// The part of it that asks about one picture at a time; a third of a second.
Latency measure_latency(const Classifier& classifier, const Images& pictures,
                        const Progress* progress = nullptr);

/// Memory of this process that is in use now, in bytes; none where the system does not tell.
std::optional<std::uint64_t> resident_bytes();

/// Weights of a network; none for other families, which keep samples, trees or sums.
std::optional<std::uint64_t> parameter_count(const Classifier& classifier);

/// What is not known has no value.
struct ModelCost {
  AnswerSpeed speed;
  std::optional<std::uint64_t> file_bytes;
  std::optional<std::uint64_t> parameters;
  std::optional<std::uint64_t> load_bytes;     ///< resident memory that loading the model added
  std::optional<std::uint64_t> predict_bytes;  ///< and predicting
};

nlohmann::json to_json(const ModelCost& cost);

}  // namespace thimble
