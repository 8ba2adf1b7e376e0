#include "comparison/measure.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/error.hpp"
#include "evaluation/prediction.hpp"

namespace thimble {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRepetitions = 3;
constexpr double kEnoughSeconds = 1.5;        // no repetition after this much measured time
constexpr std::size_t kSinglePictures = 200;  // at most, for the latency
constexpr double kEnoughSingleSeconds = 0.5;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Images single(const Images& pictures, std::size_t i) {
  const auto pixels = pictures[i];
  return Images(pictures.shape(), std::vector<std::uint8_t>(pixels.begin(), pixels.end()));
}

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

double latency(const Classifier& model, const Images& pictures) {
  (void)model.predict_proba(single(pictures, 0));  // some models prepare for a batch size
  std::vector<double> times;
  const Clock::time_point start = Clock::now();
  for (std::size_t i = 0; i < kSinglePictures; ++i) {
    const Images picture = single(pictures, i % pictures.size());
    const Clock::time_point begin = Clock::now();
    (void)model.predict_proba(picture);
    times.push_back(seconds_since(begin));
    if (seconds_since(start) > kEnoughSingleSeconds) break;
  }
  return median(times);
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
  speed.latency_seconds = latency(model, pictures);
  return speed;
}

}  // namespace thimble
