#include "evaluation/model_cost.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <vector>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "models/neural.hpp"

namespace thimble {
namespace {

constexpr std::size_t kBatch = 1000;
constexpr std::size_t kFewestCalls = 2;
constexpr std::size_t kMostCalls = 200;
constexpr double kSecondsPerKind = 0.3;

Images first(const Images& pictures, std::size_t begin, std::size_t count) {
  const std::size_t size = pictures.shape().size();
  const auto pixels = pictures.pixels().subspan(begin * size, count * size);
  return Images(pictures.shape(), std::vector<std::uint8_t>(pixels.begin(), pixels.end()));
}

double seconds_of(const Classifier& classifier, const Images& pictures) {
  const auto start = std::chrono::steady_clock::now();
  classifier.predict_proba(pictures);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Seconds of calls with `count` pictures each, in ascending order; every call takes others.
std::vector<double> time_calls(const Classifier& classifier, const Images& pictures,
                               std::size_t count, const Progress* progress) {
  std::vector<double> seconds;
  double sum = 0;
  const std::size_t blocks = pictures.size() / count;
  seconds_of(classifier, first(pictures, 0, count));
  while (seconds.size() < kFewestCalls || (sum < kSecondsPerKind && seconds.size() < kMostCalls)) {
    if (progress != nullptr && progress->stop_requested()) throw Cancelled("stopped");
    const std::size_t block = seconds.size() % blocks;
    seconds.push_back(seconds_of(classifier, first(pictures, block * count, count)));
    sum += seconds.back();
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds;
}

nlohmann::json or_null(const std::optional<std::uint64_t>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

void require_pictures(const Images& pictures) {
  if (pictures.empty()) throw UsageError("speed: there are no pictures to measure with");
}

}  // namespace

Latency measure_latency(const Classifier& classifier, const Images& pictures,
                        const Progress* progress) {
  require_pictures(pictures);
  const std::vector<double> seconds = time_calls(classifier, pictures, 1, progress);
  return {seconds[seconds.size() / 2], seconds[(seconds.size() * 95 - 1) / 100], seconds.size()};
}

AnswerSpeed measure_speed(const Classifier& classifier, const Images& pictures,
                          const Progress* progress) {
  require_pictures(pictures);
  AnswerSpeed speed;
  speed.threads = thread_count();
  speed.batch_size = std::min(kBatch, pictures.size());
  const std::vector<double> batches = time_calls(classifier, pictures, speed.batch_size, progress);
  speed.pictures_per_second =
      static_cast<double>(speed.batch_size) / std::max(batches.front(), 1e-9);
  speed.latency = measure_latency(classifier, pictures, progress);
  return speed;
}

std::optional<std::uint64_t> resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  if (!(file >> total >> resident)) return std::nullopt;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::optional<std::uint64_t> parameter_count(const Classifier& classifier) {
  if (const auto* neural = dynamic_cast<const NeuralClassifier*>(&classifier)) {
    return static_cast<std::uint64_t>(neural->graph().parameter_count());
  }
  return std::nullopt;
}

nlohmann::json to_json(const ModelCost& cost) {
  return {{"threads", cost.speed.threads},
          {"batch_size", cost.speed.batch_size},
          {"pictures_per_second", cost.speed.pictures_per_second},
          {"latency_median_seconds", cost.speed.latency.median_seconds},
          {"latency_p95_seconds", cost.speed.latency.p95_seconds},
          {"file_bytes", or_null(cost.file_bytes)},
          {"parameters", or_null(cost.parameters)},
          {"load_bytes", or_null(cost.load_bytes)},
          {"predict_bytes", or_null(cost.predict_bytes)}};
}

}  // namespace thimble
