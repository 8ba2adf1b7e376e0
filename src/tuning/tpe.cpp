// The tree-structured Parzen estimator.

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"
#include "tuning/parzen.hpp"
#include "tuning/sampler.hpp"

namespace thimble::tuning {
namespace {

using nlohmann::json;

/// Apart from the seeds of the even draws, so that the two do not go together.
constexpr std::uint64_t kModelSeed = 0x54504531;
/// How often settings that were tried already are proposed anew.
constexpr int kProposals = 20;
/// More good trials than this only blur the picture of the best ones (as in hyperopt and Optuna).
constexpr std::size_t kMostGood = 25;

/// The places of a parameter's values among the good trials and the others.
struct Densities {
  ParzenDensity good;
  ParzenDensity other;

  double log_ratio(double place) const { return std::log(good(place)) - std::log(other(place)); }
};

double comparable(double value) {
  return std::isnan(value) ? -std::numeric_limits<double>::infinity() : value;
}

/// Better ones first; whatever order they came in.
bool is_better(const Observation* a, const Observation* b) {
  const double value_a = comparable(a->value);
  const double value_b = comparable(b->value);
  if (value_a != value_b) return value_a > value_b;
  if (a->epochs != b->epochs) return a->epochs > b->epochs;
  return a->settings < b->settings;
}

/// Good ones before the others.
struct Split {
  std::vector<const Observation*> good;
  std::vector<const Observation*> others;
};

/// The good trials are the best of those that went as far as at least so many did. All that were
/// stopped earlier are among the others: they were stopped for being worse.
Split split(std::span<const Observation> observations, std::size_t good) {
  std::vector<int> epochs;
  for (const Observation& observation : observations) epochs.push_back(observation.epochs);
  std::sort(epochs.begin(), epochs.end(), std::greater<>());
  const int far_enough = epochs[good - 1];
  Split split;
  for (const Observation& observation : observations) {
    (observation.epochs >= far_enough ? split.good : split.others).push_back(&observation);
  }
  std::sort(split.good.begin(), split.good.end(), is_better);
  split.others.insert(split.others.end(), split.good.begin() + static_cast<std::ptrdiff_t>(good),
                      split.good.end());
  split.good.resize(good);
  return split;
}

class TpeSampler final : public Sampler {
 public:
  TpeSampler(SearchSpace space, std::uint64_t seed, const TpeOptions& options)
      : space_(std::move(space)),
        seed_(seed),
        options_(options),
        startup_(make_random_sampler(space_, seed)) {}

  Assignment suggest(std::uint64_t trial,
                     std::span<const Observation> observations) const override {
    if (is_startup(observations)) return startup_->suggest(trial, observations);
    const std::vector<Densities> densities = model(observations);
    Random random(hash_seed(seed_, trial, kModelSeed));
    for (int proposal = 0; proposal < kProposals; ++proposal) {
      Assignment settings = propose(densities, random);
      if (!is_tried(settings, observations)) return settings;
    }
    return startup_->suggest(trial, observations);
  }

  std::size_t choose(std::uint64_t trial, std::span<const Assignment> candidates,
                     std::span<const Observation> observations) const override {
    if (is_startup(observations)) return startup_->choose(trial, candidates, observations);
    const std::vector<Densities> densities = model(observations);
    std::size_t best = 0;
    double best_score = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const double score = log_ratio(densities, candidates[i]);
      if (score > best_score) {
        best_score = score;
        best = i;
      }
    }
    return best;
  }

 private:
  bool is_startup(std::span<const Observation> observations) const {
    return observations.size() < static_cast<std::size_t>(options_.startup_trials) ||
           observations.size() < 2;
  }

  std::vector<Densities> model(std::span<const Observation> observations) const {
    const double share = options_.gamma * static_cast<double>(observations.size());
    const Split trials =
        split(observations, std::clamp<std::size_t>(static_cast<std::size_t>(share), 1, kMostGood));
    std::vector<Densities> densities;
    for (const Parameter& parameter : space_.parameters()) {
      densities.push_back({density(parameter, trials.good), density(parameter, trials.others)});
    }
    return densities;
  }

  /// Of the trials in which the parameter was in force.
  ParzenDensity density(const Parameter& parameter,
                        const std::vector<const Observation*>& trials) const {
    std::vector<double> places;
    for (const Observation* trial : trials) {
      const auto value = trial->settings.find(parameter.key);
      if (value != trial->settings.end()) places.push_back(to_unit(parameter, value->second));
    }
    return {parameter, std::move(places), options_.prior_weight};
  }

  /// Parameter by parameter, those first on which others depend: of what the good trials' density
  /// gives, the value that is likeliest good rather than not.
  Assignment propose(const std::vector<Densities>& densities, Random& random) const {
    Assignment settings;
    for (std::size_t i = 0; i < densities.size(); ++i) {
      const Parameter& parameter = space_.parameters()[i];
      if (!space_.active(parameter, settings)) continue;
      double best = 0;
      double best_score = -std::numeric_limits<double>::infinity();
      for (int candidate = 0; candidate < options_.candidates; ++candidate) {
        const double place = densities[i].good.sample(random);
        const double score = densities[i].log_ratio(place);
        if (score > best_score) {
          best_score = score;
          best = place;
        }
      }
      settings[parameter.key] = from_unit(parameter, best);
    }
    return settings;
  }

  double log_ratio(const std::vector<Densities>& densities, const Assignment& settings) const {
    double sum = 0;
    for (std::size_t i = 0; i < densities.size(); ++i) {
      const Parameter& parameter = space_.parameters()[i];
      const auto value = settings.find(parameter.key);
      if (value != settings.end()) {
        sum += densities[i].log_ratio(to_unit(parameter, value->second));
      }
    }
    return sum;
  }

  SearchSpace space_;
  std::uint64_t seed_;
  TpeOptions options_;
  std::unique_ptr<Sampler> startup_;
};

}  // namespace

std::unique_ptr<Sampler> make_tpe_sampler(SearchSpace space, std::uint64_t seed,
                                          const TpeOptions& options) {
  if (options.startup_trials < 0 || options.candidates < 1 ||
      !(options.gamma > 0 && options.gamma < 1) || !(options.prior_weight > 0)) {
    throw UsageError(fmt::format(
        "tpe: startup_trials {}, candidates {}, gamma {}, prior_weight {}; expected at least 0, at "
        "least 1, between 0 and 1, above 0",
        options.startup_trials, options.candidates, options.gamma, options.prior_weight));
  }
  return std::make_unique<TpeSampler>(std::move(space), seed, options);
}

}  // namespace thimble::tuning
