#include "tuning/suggestion.hpp"

#include <algorithm>
#include <cstdint>

#include "base/random.hpp"

namespace thimble::tuning {
namespace {

/// How often settings are drawn again that were tried already.
constexpr int kSuggestions = 20;
constexpr int kDraws = 1000;

}  // namespace

std::vector<Observation> observations_of(const Study& study, int max_epochs) {
  std::vector<Observation> all;
  double worst = 0;
  const auto add = [&](const Trial& trial) {
    if (trial.state == Trial::State::failed) return;
    // One that ended by itself did what there was to do.
    const bool whole = trial.state == Trial::State::finished;
    const int epochs = whole ? max_epochs : static_cast<int>(trial.curve.size());
    all.push_back({trial.settings, trial.curve.back(), epochs});
    worst = std::min(worst, trial.curve.back());
  };
  if (study.baseline && !study.baseline->settings.empty()) add(*study.baseline);
  for (const Trial& trial : study.trials) add(trial);
  for (const Trial& trial : study.trials) {
    if (trial.state == Trial::State::failed) all.push_back({trial.settings, worst - 1, 0});
  }
  return all;
}

std::optional<Assignment> untried_settings(const Sampler& sampler, const SearchSpace& space,
                                           const Study& study, std::span<const Assignment> running,
                                           int number, int max_epochs) {
  const auto tried = [&](const Assignment& settings) {
    return std::ranges::find(study.trials, settings, &Trial::settings) != study.trials.end() ||
           std::ranges::find(running, settings) != running.end() ||
           (study.baseline && study.baseline->settings == settings);
  };
  const std::vector<Observation> known = observations_of(study, max_epochs);
  const auto trial = static_cast<std::uint64_t>(number - 1);
  for (std::uint64_t again = 0; again < kSuggestions; ++again) {
    Assignment settings = sampler.suggest(trial + (again << 32), known);
    if (!tried(settings)) return settings;
  }
  Random random(hash_seed(study.plan.seed, static_cast<std::uint64_t>(number)));
  for (int draw = 0; draw < kDraws; ++draw) {
    Assignment settings = space.sample(random);
    if (!tried(settings)) return settings;
  }
  return std::nullopt;
}

}  // namespace thimble::tuning
