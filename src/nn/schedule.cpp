#include "nn/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace thimble::nn {
namespace {

class Constant : public Schedule {
 public:
  double fraction(double) const override { return 1; }
};

class Step : public Schedule {
 public:
  Step(double step_epochs, double gamma) : step_epochs_(step_epochs), gamma_(gamma) {}
  double fraction(double epoch) const override {
    return std::pow(gamma_, std::floor(epoch / step_epochs_));
  }

 private:
  double step_epochs_;
  double gamma_;
};

class Exponential : public Schedule {
 public:
  explicit Exponential(double gamma) : gamma_(gamma) {}
  double fraction(double epoch) const override { return std::pow(gamma_, epoch); }

 private:
  double gamma_;
};

/// Half a cosine, without restarts: Loshchilov and Hutter, "SGDR", ICLR 2017.
class Cosine : public Schedule {
 public:
  Cosine(double epochs, double final_fraction) : epochs_(epochs), final_(final_fraction) {}
  double fraction(double epoch) const override {
    const double progress = std::clamp(epoch / epochs_, 0.0, 1.0);
    return final_ + (1 - final_) * (1 + std::cos(std::numbers::pi * progress)) / 2;
  }

 private:
  double epochs_;
  double final_;
};

/// The triangle of Smith and Topin, "Super-convergence", 2017.
class OneCycle : public Schedule {
 public:
  OneCycle(double epochs, double rise_fraction, double final_fraction)
      : epochs_(epochs), rise_(rise_fraction), final_(final_fraction) {}
  double fraction(double epoch) const override {
    const double progress = std::clamp(epoch / epochs_, 0.0, 1.0);
    if (progress < rise_) return progress / rise_;
    if (rise_ == 1) return 1;
    return 1 - (1 - final_) * (progress - rise_) / (1 - rise_);
  }

 private:
  double epochs_;
  double rise_;
  double final_;
};

/// torch.optim.lr_scheduler.ReduceLROnPlateau with mode "min" and no cool-down.
class ReduceOnPlateau : public Schedule {
 public:
  ReduceOnPlateau(double factor, int patience, double min_fraction)
      : factor_(factor), patience_(patience), min_fraction_(min_fraction) {}

  double fraction(double) const override { return fraction_; }

  void end_epoch(double loss) override {
    // PyTorch's defaults: a gain counts from one part in ten thousand, and a reduction is not worth
    // taking below 1e-8.
    constexpr double kThreshold = 1e-4;
    constexpr double kSmallestChange = 1e-8;
    if (loss < best_ * (1 - kThreshold)) {
      best_ = loss;
      bad_epochs_ = 0;
      return;
    }
    if (++bad_epochs_ <= patience_) return;
    bad_epochs_ = 0;
    const double reduced = std::max(fraction_ * factor_, min_fraction_);
    if (fraction_ - reduced > kSmallestChange) fraction_ = reduced;
  }

  nlohmann::json state() const override {
    nlohmann::json best;  // null before the first epoch: JSON has no infinity
    if (std::isfinite(best_)) best = best_;
    return {{"fraction", fraction_}, {"best_loss", best}, {"bad_epochs", bad_epochs_}};
  }

  void set_state(const nlohmann::json& state) override {
    try {
      const nlohmann::json& best = state.at("best_loss");
      const auto fraction = state.at("fraction").get<double>();
      const auto bad_epochs = state.at("bad_epochs").get<int>();
      best_ = best.is_null() ? std::numeric_limits<double>::infinity() : best.get<double>();
      fraction_ = fraction;
      bad_epochs_ = bad_epochs;
    } catch (const nlohmann::json::exception& error) {
      throw DataError(
          fmt::format("checkpoint: the state of schedule reduce-on-plateau is {}, expected an "
                      "object of fraction, best_loss and bad_epochs ({})",
                      state.dump(), error.what()));
    }
  }

 private:
  double factor_;
  int patience_;
  double min_fraction_;
  double fraction_ = 1;
  double best_ = std::numeric_limits<double>::infinity();
  int bad_epochs_ = 0;
};

/// Any schedule times a linear rise from 0 to 1.
class WarmUp : public Schedule {
 public:
  WarmUp(double epochs, std::unique_ptr<Schedule> schedule)
      : epochs_(epochs), schedule_(std::move(schedule)) {}

  double fraction(double epoch) const override {
    return std::clamp(epoch / epochs_, 0.0, 1.0) * schedule_->fraction(epoch);
  }
  void end_epoch(double loss) override { schedule_->end_epoch(loss); }
  nlohmann::json state() const override { return schedule_->state(); }
  void set_state(const nlohmann::json& state) override { schedule_->set_state(state); }

 private:
  double epochs_;
  std::unique_ptr<Schedule> schedule_;
};

void check(bool good, const char* option, double found, const char* wanted) {
  if (!good) throw UsageError(fmt::format("schedule.{}: {}, expected {}", option, found, wanted));
}

void check_options(const ScheduleOptions& o, double epochs) {
  const auto share = [](double value) { return value >= 0 && value <= 1; };
  const auto positive = [](double value) { return value > 0 && std::isfinite(value); };
  check(positive(epochs), "epochs", epochs, "a number above 0");
  check(o.warmup_epochs >= 0 && std::isfinite(o.warmup_epochs), "warmup_epochs", o.warmup_epochs,
        "0 or more");
  check(positive(o.step_epochs), "step_epochs", o.step_epochs, "a number above 0");
  check(o.gamma > 0 && o.gamma <= 1, "gamma", o.gamma, "above 0 and at most 1");
  check(share(o.final_fraction), "final_fraction", o.final_fraction, "0 to 1");
  check(share(o.rise_fraction), "rise_fraction", o.rise_fraction, "0 to 1");
  check(o.factor > 0 && o.factor < 1, "factor", o.factor, "above 0 and below 1");
  check(o.patience >= 0, "patience", o.patience, "0 or more");
  check(share(o.min_fraction), "min_fraction", o.min_fraction, "0 to 1");
}

std::unique_ptr<Schedule> make_plain(const ScheduleOptions& o, double epochs) {
  if (o.name == "constant") return std::make_unique<Constant>();
  if (o.name == "step") return std::make_unique<Step>(o.step_epochs, o.gamma);
  if (o.name == "exponential") return std::make_unique<Exponential>(o.gamma);
  if (o.name == "cosine") return std::make_unique<Cosine>(epochs, o.final_fraction);
  if (o.name == "one-cycle")
    return std::make_unique<OneCycle>(epochs, o.rise_fraction, o.final_fraction);
  if (o.name == "reduce-on-plateau")
    return std::make_unique<ReduceOnPlateau>(o.factor, o.patience, o.min_fraction);
  const std::vector<std::string> names = {"constant", "step",      "exponential",
                                          "cosine",   "one-cycle", "reduce-on-plateau"};
  throw UsageError(unknown_name("schedule", o.name, names));
}

}  // namespace

std::unique_ptr<Schedule> make_schedule(const ScheduleOptions& options, double epochs) {
  check_options(options, epochs);
  std::unique_ptr<Schedule> schedule = make_plain(options, epochs);
  if (options.warmup_epochs == 0) return schedule;
  return std::make_unique<WarmUp>(options.warmup_epochs, std::move(schedule));
}

}  // namespace thimble::nn
