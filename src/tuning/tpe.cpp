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

/// Of the settings of the good trials and of the others.
struct Densities {
  ParzenDensity good;
  ParzenDensity others;

  double log_ratio(const Assignment& settings) const {
    return good.log_density(settings) - others.log_density(settings);
  }
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
  std::vector<const Assignment*> good;
  std::vector<const Assignment*> others;
};

/// The good trials are the best of those that went as far as at least so many did. All that were
/// stopped earlier are among the others: they were stopped for being worse.
Split split(std::span<const Observation> observations, std::size_t good) {
  std::vector<int> epochs;
  for (const Observation& observation : observations) epochs.push_back(observation.epochs);
  std::sort(epochs.begin(), epochs.end(), std::greater<>());
  const int far_enough = epochs[good - 1];
  std::vector<const Observation*> order;
  for (const Observation& observation : observations) order.push_back(&observation);
  std::sort(order.begin(), order.end(), [&](const Observation* a, const Observation* b) {
    const bool a_far = a->epochs >= far_enough;
    return a_far != (b->epochs >= far_enough) ? a_far : is_better(a, b);
  });
  Split split;
  for (const Observation* observation : order) {
    (split.good.size() < good ? split.good : split.others).push_back(&observation->settings);
  }
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
    const Densities densities = model(observations);
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
    const Densities densities = model(observations);
    std::size_t best = 0;
    double best_score = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const double score = densities.log_ratio(candidates[i]);
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

  Densities model(std::span<const Observation> observations) const {
    const double share = options_.gamma * static_cast<double>(observations.size());
    const Split trials =
        split(observations, std::clamp<std::size_t>(static_cast<std::size_t>(share), 1, kMostGood));
    return {{space_, trials.good, options_.prior_weight},
            {space_, trials.others, options_.prior_weight}};
  }

  /// Of what the good trials' density gives, the settings that are likeliest good rather than not.
  Assignment propose(const Densities& densities, Random& random) const {
    Assignment best;
    double best_score = -std::numeric_limits<double>::infinity();
    for (int candidate = 0; candidate < options_.candidates; ++candidate) {
      Assignment settings = densities.good.sample(random);
      const double score = densities.log_ratio(settings);
      if (score > best_score) {
        best_score = score;
        best = std::move(settings);
      }
    }
    return best;
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
