// Ends a training run that no longer gets better.

#pragma once

#include <limits>

#include <nlohmann/json.hpp>

namespace thimble::nn {

/// Watches the validation loss. A loss counts as better when it is more than `min_delta` below the
/// best one so far; NaN never does.
class EarlyStopping {
 public:
  /// @param patience   epochs in a row without a better loss after which to stop, 1 or more (0 does
  ///                   the same as 1), as in Keras
  /// @param min_delta  0 or more
  /// @throws UsageError  if one is out of range
  explicit EarlyStopping(int patience, double min_delta = 0);

  /// Takes in the loss of a finished epoch; true if it should be the last one.
  bool should_stop(double validation_loss);

  /// Epoch of the best loss, counted from 1; 0 where there is none yet.
  int best_epoch() const { return best_epoch_; }
  /// Infinite where there is none yet.
  double best_loss() const { return best_loss_; }

  /// All that should_stop has changed, for checkpoints.
  nlohmann::json state() const;
  /// @throws DataError  if `state` is not what state() gives
  void set_state(const nlohmann::json& state);

 private:
  int patience_;
  double min_delta_;
  int epoch_ = 0;
  int best_epoch_ = 0;
  double best_loss_ = std::numeric_limits<double>::infinity();
};

}  // namespace thimble::nn
