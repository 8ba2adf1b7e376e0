// Carries out the search of a study, in a folder that it can be taken up from again.
//
// Trials run side by side, each in a thread with a share of the cores. A trial's settings depend on
// the plan's seed, the trial's number and on what had ended when it began; whether it is stopped
// early depends on the curves at that moment. So with one trial at a time and a budget in trials
// the same plan gives the same study, on the same number of cores, also when it was interrupted;
// with more at a time, or a budget in time, which trial ends first is up to the machine. What each
// trial makes of its settings is the same always.

#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "data/dataset.hpp"
#include "tuning/budget.hpp"
#include "tuning/study.hpp"

namespace thimble::tuning {

/// How a study stands.
struct Standing {
  int ended = 0;  ///< the baseline not counted
  int running = 0;
  double seconds = 0;  ///< since it began, pauses not counted
  Budget budget;
  /// Finished, the baseline among them; nothing if none is. Value as people read it: a loss is not
  /// negative.
  std::optional<int> best;
  double best_value = 0;
};

/// Hears how a study goes on. Called by several threads, one after another but for
/// stop_requested(). The default says nothing.
class StudyObserver {
 public:
  virtual ~StudyObserver() = default;

  virtual void note(const std::string& text) { (void)text; }
  virtual void trial_ended(const Trial& trial, const Standing& standing) {
    (void)trial, (void)standing;
  }
  /// Often.
  virtual void at_work(const Standing& standing) { (void)standing; }
  virtual bool stop_requested() const { return false; }
};

/// How the cores are shared.
struct CoreShares {
  int jobs = 1;     ///< trials side by side
  int threads = 1;  ///< of each
};

/// Networks of small pictures gain little from a second core, so several train side by side on one
/// core each, at most 8 and as many as memory has place for; other models use all cores well, and
/// memory for copies of their features, and are trained one after another.
/// @param cores          to share, 1 or more
/// @param wanted         jobs that somebody asked for; 0: decide
/// @param free_memory    bytes
CoreShares share_cores(const Recipe& recipe, int cores, int wanted, std::uint64_t free_memory);

/// Begins a study in the folder, or makes sure that it is this one that was begun there. Budget,
/// jobs and place of the data are those of `plan` from now on.
/// @param resume  whether there may be one
/// @throws UsageError  if there is one and `resume` is not set, or it is another (names the first
///                     difference)
/// @throws FileError, DataError
void open_study(const std::filesystem::path& folder, const StudyPlan& plan, bool resume);

/// Runs trials until the budget is spent: those that began and did not end go on from their
/// checkpoints, the baseline comes before the first. With a budget in time no trial begins that
/// takes longer than is left if it is as quick as the quickest so far, none goes on for more than a
/// tenth of the budget or three times as long as the quickest, whichever is more, and those that
/// run at its end are stopped; their last whole epoch counts. It ends early when all settings of
/// the space were tried.
///
/// @param train  the whole training split
/// @return       the study, with at least one finished trial or baseline
/// @throws DataError   if all trials failed; says why the first did
/// @throws UsageError  if the budget's time was too short for any
/// @throws FileError   if the folder cannot be written, or another process is at work in it
/// @throws Cancelled   if the observer asked to stop; what is finished is kept
Study run_study(const std::filesystem::path& folder, const Dataset& train, StudyObserver& observer);

}  // namespace thimble::tuning
