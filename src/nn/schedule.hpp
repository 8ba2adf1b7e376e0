// How the learning rate moves during training.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

namespace thimble::nn {

struct ScheduleOptions {
  std::string name = "constant";  ///< "constant", "step", "exponential", "cosine", "one-cycle",
                                  ///< "reduce-on-plateau"
  double warmup_epochs = 0;    ///< linear from 0 at the start of any schedule, as a factor on it;
                               ///< may be a fraction
  double step_epochs = 10;     ///< step: epochs between drops
  double gamma = 0.1;          ///< step: factor a drop; exponential: factor an epoch, in every
                               ///< step a little
  double final_fraction = 0;   ///< cosine, one-cycle: end at this fraction of the peak
  double rise_fraction = 0.2;  ///< one-cycle: share of the run that rises, linearly, from 0; the
                               ///< rest falls linearly
  double factor = 0.5;         ///< reduce-on-plateau
  int patience = 3;            ///< reduce-on-plateau: epochs without a better validation loss
  double min_fraction = 0;     ///< reduce-on-plateau: never below this fraction of the peak

  bool operator==(const ScheduleOptions&) const = default;
};

class Schedule {
 public:
  virtual ~Schedule() = default;

  /// The learning rate of a step as a fraction of the peak.
  /// @param epoch  progress in epochs at the middle of the step: (step + 0.5) / steps_per_epoch
  virtual double fraction(double epoch) const = 0;

  /// Tells the validation loss (training loss where there is no validation split) of a finished
  /// epoch; only reduce-on-plateau listens.
  virtual void end_epoch(double loss) { (void)loss; }

  /// What end_epoch has changed, for checkpoints.
  virtual nlohmann::json state() const { return nullptr; }
  virtual void set_state(const nlohmann::json& state) { (void)state; }
};

/// @throws UsageError  if the name is unknown or an option out of range
std::unique_ptr<Schedule> make_schedule(const ScheduleOptions& options, double epochs);

}  // namespace thimble::nn
