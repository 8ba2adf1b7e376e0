#include "tuning/stopping_rule.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace thimble::tuning {
namespace {

void check(const HalvingOptions& options) {
  if (options.min_epochs < 1) {
    throw UsageError(
        fmt::format("the first rung is at epoch {}, expected at least 1", options.min_epochs));
  }
  if (options.max_epochs < options.min_epochs) {
    throw UsageError(
        fmt::format("the first rung is at epoch {}, expected at most the {} of a trial",
                    options.min_epochs, options.max_epochs));
  }
  if (options.factor < 2) {
    throw UsageError(fmt::format("halving factor {}: expected at least 2", options.factor));
  }
}

/// The epochs from `first` on, before the last of a trial, after which trials are compared.
std::vector<int> rungs_from(std::int64_t first, const HalvingOptions& options) {
  std::vector<int> rungs;
  for (std::int64_t rung = first; rung < options.max_epochs; rung *= options.factor) {
    rungs.push_back(static_cast<int>(rung));
  }
  return rungs;
}

class NoStopping final : public StoppingRule {
 public:
  bool should_stop(const Curve&, std::span<const Curve>) const override { return false; }
};

/// Brackets of asynchronous successive halving; plain halving has one.
class Brackets final : public StoppingRule {
 public:
  /// @param turns  the bracket of trial t is turns[t % turns.size()]
  Brackets(std::vector<std::vector<int>> rungs, std::vector<std::size_t> turns, int factor)
      : rungs_(std::move(rungs)), turns_(std::move(turns)), factor_(factor) {}

  bool should_stop(const Curve& curve, std::span<const Curve> others) const override {
    const std::size_t bracket = bracket_of(curve.trial);
    const std::size_t epoch = curve.values.size();
    const std::vector<int>& rungs = rungs_[bracket];
    if (!std::binary_search(rungs.begin(), rungs.end(), static_cast<int>(epoch))) return false;
    const double value = curve.values.back();
    if (std::isnan(value)) return true;
    std::size_t reached = 1;
    std::size_t better = 0;
    for (const Curve& other : others) {
      if (other.trial == curve.trial || bracket_of(other.trial) != bracket ||
          other.values.size() < epoch) {
        continue;
      }
      ++reached;
      better += other.values[epoch - 1] > value ? 1 : 0;
    }
    // With fewer than `factor` at the rung only the best goes on.
    const std::size_t going_on =
        std::max<std::size_t>(1, reached / static_cast<std::size_t>(factor_));
    return better >= going_on;
  }

 private:
  std::size_t bracket_of(std::uint64_t trial) const { return turns_[trial % turns_.size()]; }

  std::vector<std::vector<int>> rungs_;  // [bracket], ascending
  std::vector<std::size_t> turns_;
  int factor_;
};

/// How many trials of a round each bracket gets, that of the most halving first: with s rungs of at
/// most S, ceil((S + 1) / (s + 1) * factor^s) (Li et al. 2018, algorithm 1, line 3).
std::vector<std::size_t> trials_by_bracket(std::size_t most_rungs, int factor) {
  std::vector<std::size_t> trials;
  for (std::size_t rungs = most_rungs + 1; rungs-- > 0;) {
    const double count =
        std::ceil(static_cast<double>(most_rungs + 1) / static_cast<double>(rungs + 1) *
                  std::pow(factor, static_cast<double>(rungs)));
    trials.push_back(static_cast<std::size_t>(count));
  }
  return trials;
}

/// One round, the brackets mixed as evenly as their shares allow: none waits for another's trials.
std::vector<std::size_t> mixed_turns(const std::vector<std::size_t>& trials) {
  std::size_t round = 0;
  for (const std::size_t count : trials) round += count;
  std::vector<std::size_t> given(trials.size(), 0);
  std::vector<std::size_t> turns;
  while (turns.size() < round) {
    // The bracket whose share would be filled least by one more; ties: the earlier.
    std::size_t next = 0;
    for (std::size_t bracket = 1; bracket < trials.size(); ++bracket) {
      if ((given[bracket] + 1) * trials[next] < (given[next] + 1) * trials[bracket]) next = bracket;
    }
    ++given[next];
    turns.push_back(next);
  }
  return turns;
}

}  // namespace

std::unique_ptr<StoppingRule> make_no_stopping() { return std::make_unique<NoStopping>(); }

std::unique_ptr<StoppingRule> make_successive_halving(const HalvingOptions& options) {
  check(options);
  return std::make_unique<Brackets>(
      std::vector<std::vector<int>>{rungs_from(options.min_epochs, options)},
      std::vector<std::size_t>{0}, options.factor);
}

std::unique_ptr<StoppingRule> make_hyperband(const HalvingOptions& options) {
  check(options);
  std::vector<std::vector<int>> rungs = {rungs_from(options.min_epochs, options)};
  while (!rungs.back().empty()) {
    rungs.emplace_back(rungs.back().begin() + 1, rungs.back().end());
  }
  return std::make_unique<Brackets>(
      rungs, mixed_turns(trials_by_bracket(rungs.front().size(), options.factor)), options.factor);
}

std::unique_ptr<StoppingRule> make_stopping_rule(const std::string& name,
                                                 const HalvingOptions& options) {
  if (name == "none") return make_no_stopping();
  if (name == "halving") return make_successive_halving(options);
  if (name == "hyperband") return make_hyperband(options);
  const std::vector<std::string> names = {"none", "halving", "hyperband"};
  throw UsageError(unknown_name("stopping rule", name, names));
}

}  // namespace thimble::tuning
