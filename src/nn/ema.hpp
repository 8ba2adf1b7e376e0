// A running average of the weights, often better than the last ones.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace thimble::nn {

/// Exponential moving average of the weights over the steps of a training run.
///
///     average += (1 - d) (weights - average),   d = min(decay, (1 + t) / (10 + t))
///
/// after t earlier updates, so that the average forgets the first, bad weights soon (as
/// tf.train.ExponentialMovingAverage with num_updates); the first update copies the weights. Runs
/// over all cores; the result does not depend on the number of threads.
class Ema {
 public:
  /// @param decay  in [0, 1), such as 0.999; 0: the average is the last weights
  /// @param size   number of weights
  /// @throws UsageError  if the decay is out of range
  Ema(double decay, std::size_t size);

  /// Takes in the weights after one step, float32 [size].
  /// @throws ShapeError  if their number is another
  void update(std::span<const float> weights);

  /// The average, float32 [size]; 0 before the first update.
  std::span<const float> average() const { return average_; }
  std::uint64_t update_count() const { return update_count_; }

  /// Goes on where a checkpoint left off.
  /// @throws ShapeError  if `average` has another size
  void restore(std::span<const float> average, std::uint64_t update_count);

 private:
  void check_size(const char* what, std::size_t found) const;

  double decay_;
  std::vector<float> average_;
  std::uint64_t update_count_ = 0;
};

}  // namespace thimble::nn
