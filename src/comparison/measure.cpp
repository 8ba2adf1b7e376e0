#include "comparison/measure.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <limits>
#include <string>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "evaluation/model_cost.hpp"
#include "evaluation/prediction.hpp"

namespace thimble {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRepetitions = 3;
constexpr double kEnoughSeconds = 1.5;  // no repetition after this much measured time

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

PeakMemory::PeakMemory() {
#ifdef __GLIBC__
  malloc_trim(0);  // what earlier work gave back to the allocator only
#endif
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  set_back_ = file.good();
}

std::optional<std::uint64_t> PeakMemory::bytes() const {
  if (!set_back_) return std::nullopt;
  std::ifstream status("/proc/self/status");
  for (std::string key; status >> key;) {
    std::uint64_t kibibytes = 0;
    if (key == "VmHWM:" && status >> kibibytes) return kibibytes * 1024;
    status.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return std::nullopt;
}

PredictionSpeed measure_prediction(const Classifier& model, const Images& pictures,
                                   Progress* progress) {
  PredictionSpeed speed;
  speed.pictures = pictures.size();
  double total = 0;
  for (int i = 0; i < kRepetitions && total < kEnoughSeconds; ++i) {
    const Clock::time_point start = Clock::now();
    (void)predict(model, pictures, {.progress = progress});
    const double seconds = seconds_since(start);
    speed.seconds = i == 0 ? seconds : std::min(speed.seconds, seconds);
    total += seconds;
  }
  speed.latency_seconds = measure_latency(model, pictures, progress).median_seconds;
  return speed;
}

}  // namespace thimble
