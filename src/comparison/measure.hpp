// What a model costs: memory while it trains, time while it answers.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/progress.hpp"
#include "imaging/images.hpp"
#include "models/classifier.hpp"

namespace thimble {

/// The most memory that the program held in RAM since this object was made: Linux's high-water
/// mark of the resident set, which is set back first (proc(5), /proc/self/clear_refs). It counts
/// the whole program with the pictures that it has loaded, as `time` would for a training alone.
class PeakMemory {
 public:
  PeakMemory();
  /// Nothing where the system does not tell, or does not let the mark be set back.
  std::optional<std::uint64_t> bytes() const;

 private:
  bool set_back_ = false;
};

struct PredictionSpeed {
  std::size_t pictures = 0;
  double seconds = 0;          ///< to predict `pictures`; the quickest of up to three times
  double latency_seconds = 0;  ///< of one picture alone; the median

  double seconds_per_10000() const {
    return pictures == 0 ? 0 : seconds * 10'000 / static_cast<double>(pictures);
  }
};

/// Times a model that is loaded and has predicted before.
/// @param pictures  at least one
/// @throws Cancelled  if `progress` asked to stop
PredictionSpeed measure_prediction(const Classifier& model, const Images& pictures,
                                   Progress* progress);

}  // namespace thimble
