#include "cli/tune_output.hpp"

#include <algorithm>
#include <iostream>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"

namespace thimble::cli {
namespace {

using tuning::Standing;
using tuning::Study;
using tuning::Trial;

std::string end_text(const Trial& trial) {
  if (trial.state == Trial::State::failed) return "failed: " + trial.reason;
  return trial.reason + " in " + format_duration(trial.seconds);
}

std::string name_of(const Trial& trial) {
  return trial.number == 0 ? "baseline" : fmt::format("trial {}", trial.number);
}

std::string figures_row(const std::string& name, const Trial& trial, const std::string& metric) {
  return fmt::format("{:<28} {:>10}  loss {:.4f}  {}\n", name, metric_text(metric, trial.value),
                     trial.loss, end_text(trial));
}

/// A setting in a recipe: "optimizer.learning_rate"; "-" where it has none.
std::string setting_text(const Recipe& recipe, const std::string& key) {
  const nlohmann::json* place = &recipe.settings;
  for (const std::string& part : split(key, '.')) {
    if (!place->is_object() || !place->contains(part)) return "-";
    place = &place->at(part);
  }
  return place->is_string() ? place->get<std::string>() : place->dump();
}

}  // namespace

TuneObserver::TuneObserver(bool quiet, std::string metric)
    : progress_(quiet ? nullptr : std::make_unique<ConsoleProgress>("tune", "trials")),
      metric_(std::move(metric)) {}

void TuneObserver::note(const std::string& text) {
  if (progress_) {
    progress_->message("note: " + text);
  } else {
    std::cerr << "note: " << text << "\n";
  }
}

void TuneObserver::trial_ended(const Trial& trial, const Standing& standing) {
  if (!progress_) return;
  const bool failed = trial.state == Trial::State::failed;
  std::string line = fmt::format("{:<10} {:>8}  {}", name_of(trial),
                                 failed ? "-" : metric_text(metric_, trial.value), end_text(trial));
  if (standing.best == trial.number) line += "  best so far";
  progress_->message(line);
  at_work(standing);
}

void TuneObserver::at_work(const Standing& standing) {
  if (!progress_) return;
  std::string detail = fmt::format("{} at work", standing.running);
  if (standing.best) {
    const std::string value = metric_ == "loss" ? fmt::format("{:.4f}", standing.best_value)
                                                : metric_text(metric_, standing.best_value);
    detail +=
        fmt::format("  best {} ({})", value,
                    *standing.best == 0 ? "baseline" : fmt::format("trial {}", *standing.best));
  }
  if (standing.budget.seconds) {
    const double left = std::max(0.0, *standing.budget.seconds - standing.seconds);
    detail += fmt::format("  {} left", format_duration(left));
  }
  progress_->update(static_cast<std::uint64_t>(standing.ended),
                    static_cast<std::uint64_t>(standing.budget.trials.value_or(0)), detail);
}

std::string metric_text(const std::string& metric, double value) {
  return metric == "loss" ? fmt::format("{:.4f}", -value) : fmt::format("{:.2f} %", 100 * value);
}

std::string trials_text(const Study& study) {
  const auto count = [&](Trial::State state) {
    return std::ranges::count(study.trials, state, &Trial::state);
  };
  std::string text =
      fmt::format("{} trials: {} finished", study.trials.size(), count(Trial::State::finished));
  if (const auto stopped = count(Trial::State::stopped)) {
    text += fmt::format(", {} stopped early", stopped);
  }
  if (const auto failed = count(Trial::State::failed)) text += fmt::format(", {} failed", failed);
  return text;
}

std::string winner_table(const Study& study) {
  const Trial& best = *tuning::winner(study);
  const std::string& metric = study.plan.metric;
  std::string text = fmt::format("on {:.0f} % of the training pictures, kept aside\n",
                                 100 * study.plan.validation_fraction);
  if (study.baseline) text += figures_row("baseline: the recipe as it is", *study.baseline, metric);
  if (best.number == 0) {
    return text + "winner     the recipe as it is: no trial did better\n";
  }
  text += figures_row(fmt::format("winner: {}", name_of(best)), best, metric);
  const Recipe tuned = tuning::recipe_of(study.plan, best);
  text += fmt::format("\n{:<28} {:>16} {:>16}\n", "setting", "recipe", "winner");
  for (const auto& [key, value] : best.settings) {
    text += fmt::format("{:<28} {:>16} {:>16}\n", key, setting_text(study.plan.recipe, key),
                        setting_text(tuned, key));
  }
  return text;
}

}  // namespace thimble::cli
