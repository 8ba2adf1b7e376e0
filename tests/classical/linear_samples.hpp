// Samples for the tests of linear models.

#pragma once

#include <cstdint>
#include <vector>

#include "base/parallel.hpp"
#include "base/random.hpp"
#include "classical/features.hpp"

namespace thimble::classical {

/// Bytes around a mean for each class; every class has a sample where n suffices.
struct LinearSamples {
  LinearSamples(std::size_t n, std::size_t d, std::size_t classes, double noise = 60,
                std::uint64_t seed = 1)
      : dims(d), count(classes) {
    Random random(seed);
    std::vector<double> centers(classes * d);
    for (double& center : centers) center = random.uniform(60, 190);
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t label = i < classes ? i : random.below(classes);
      labels.push_back(static_cast<std::int32_t>(label));
      for (std::size_t j = 0; j < d; ++j) {
        const double value = centers[label * d + j] + noise * random.normal();
        bytes.push_back(static_cast<std::uint8_t>(std::min(255.0, std::max(0.0, value))));
      }
    }
  }

  Features features(float scale = 1.0F / 255) const { return {bytes, dims, scale}; }

  std::size_t dims;
  std::size_t count;
  std::vector<std::uint8_t> bytes;
  std::vector<std::int32_t> labels;
};

/// Sets the number of threads until the end of the scope.
class OnThreads {
 public:
  explicit OnThreads(int count) : before_(thread_count()) { set_thread_count(count); }
  ~OnThreads() { set_thread_count(before_); }
  OnThreads(const OnThreads&) = delete;
  OnThreads& operator=(const OnThreads&) = delete;

 private:
  int before_;
};

}  // namespace thimble::classical
