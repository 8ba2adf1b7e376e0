// Which trials are not worth going on with.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace thimble::tuning {

/// A trial's validation curve so far; larger is better.
struct Curve {
  std::uint64_t trial = 0;     ///< its number, from 0
  std::vector<double> values;  ///< after epoch 1, 2, ...
};

/// Decides after each epoch of a trial whether it goes on. The decision depends on the arguments
/// alone, so that a study taken up again decides as before.
class StoppingRule {
 public:
  virtual ~StoppingRule() = default;
  /// @param curve   of the trial that has just finished an epoch
  /// @param others  of all trials begun before, ended or not
  virtual bool should_stop(const Curve& curve, std::span<const Curve> others) const = 0;
};

struct HalvingOptions {
  int max_epochs = 8;  ///< of a whole trial
  int min_epochs = 1;  ///< the first rung
  int factor = 3;      ///< "eta": of the trials at a rung one in so many goes on
};

/// Every trial to its end.
std::unique_ptr<StoppingRule> make_no_stopping();

/// Asynchronous successive halving: rungs at min_epochs * factor^k; a trial goes on from a rung if
/// it is among the best 1 / factor of those that reached it so far (Jamieson and Talwalkar, AISTATS
/// 2016; Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020,
/// algorithm 2, as a stopping rule).
/// @throws UsageError  if an option is out of range
std::unique_ptr<StoppingRule> make_successive_halving(const HalvingOptions& options);

/// Hyperband (Li et al., JMLR 18, 2018, algorithm 1): trials take turns between brackets of
/// successive halving whose first rungs lie at min_epochs, min_epochs * factor, ..., max_epochs, in
/// proportion to what the algorithm gives each.
/// @throws UsageError  if an option is out of range
std::unique_ptr<StoppingRule> make_hyperband(const HalvingOptions& options);

/// "none", "halving" or "hyperband".
/// @throws UsageError  if the name is none of them
std::unique_ptr<StoppingRule> make_stopping_rule(const std::string& name,
                                                 const HalvingOptions& options);

}  // namespace thimble::tuning
