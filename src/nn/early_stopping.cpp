#include "nn/early_stopping.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.hpp"

namespace thimble::nn {

EarlyStopping::EarlyStopping(int patience, double min_delta)
    : patience_(patience), min_delta_(min_delta) {
  if (patience < 0)
    throw UsageError(fmt::format("early stopping: patience {}, expected 0 or more", patience));
  if (!(min_delta >= 0 && std::isfinite(min_delta)))
    throw UsageError(fmt::format("early stopping: min_delta {}, expected 0 or more", min_delta));
}

bool EarlyStopping::should_stop(double validation_loss) {
  ++epoch_;
  if (validation_loss < best_loss_ - min_delta_) {
    best_loss_ = validation_loss;
    best_epoch_ = epoch_;
    return false;
  }
  return epoch_ - best_epoch_ >= std::max(patience_, 1);
}

nlohmann::json EarlyStopping::state() const {
  nlohmann::json best_loss;  // null where there is none: JSON has no infinity
  if (best_epoch_ > 0) best_loss = best_loss_;
  return {{"epoch", epoch_}, {"best_epoch", best_epoch_}, {"best_loss", best_loss}};
}

void EarlyStopping::set_state(const nlohmann::json& state) {
  try {
    const auto epoch = state.at("epoch").get<int>();
    const auto best_epoch = state.at("best_epoch").get<int>();
    const nlohmann::json& best = state.at("best_loss");
    best_loss_ = best.is_null() ? std::numeric_limits<double>::infinity() : best.get<double>();
    epoch_ = epoch;
    best_epoch_ = best_epoch;
  } catch (const nlohmann::json::exception& error) {
    throw DataError(
        fmt::format("checkpoint: the state of early stopping is {}, expected an object of epoch, "
                    "best_epoch and best_loss ({})",
                    state.dump(), error.what()));
  }
}

}  // namespace thimble::nn
