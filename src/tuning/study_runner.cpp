#include "tuning/study_runner.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/folder.hpp"
#include "base/folder_lock.hpp"
#include "base/free_memory.hpp"
#include "base/parallel.hpp"
#include "base/text.hpp"
#include "models/run_folder.hpp"
#include "tuning/sampler.hpp"
#include "tuning/stopping_rule.hpp"
#include "tuning/study_clock.hpp"
#include "tuning/study_plan.hpp"
#include "tuning/suggestion.hpp"
#include "tuning/trial_run.hpp"

namespace thimble::tuning {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr int kMostJobs = 8;
constexpr std::uint64_t kBytesPerJob = 1'000'000'000;
/// So many failed trials without any other: the rest would fail as well.
constexpr int kHopeless = 20;
/// One trial's part of a budget in time: without a limit a single one could use it up, as a kernel
/// SVM does that is asked to separate what cannot be.
constexpr double kLongestShare = 0.1;
/// However small that part is, a trial may take this many times as long as the quickest.
constexpr double kLongestOfQuickest = 3;

/// Sets the calling thread's share of the cores while it lives.
class ThreadShare {
 public:
  explicit ThreadShare(int threads) : before_(thread_count()) { set_thread_count(threads); }
  ~ThreadShare() { set_thread_count(before_); }
  ThreadShare(const ThreadShare&) = delete;
  ThreadShare& operator=(const ThreadShare&) = delete;

 private:
  int before_;
};

/// The search. Everything that threads share is behind one mutex.
class Search {
 public:
  Search(const fs::path& folder, const Dataset& train, StudyObserver& observer)
      : paths_(folder),
        lock_(folder, "at work"),
        study_(load_study(folder)),
        budget_(parse_budget(study_.plan.budget)),
        space_(SearchSpace::parse(study_.plan.space_toml, paths_.plan().string() + ", space")),
        sampler_(make_sampler(study_.plan.sampler, space_, study_.plan.seed)),
        max_epochs_(epochs_of(study_.plan.recipe).value_or(1)),
        samples_(study_samples(study_.plan, train)),
        observer_(observer),
        clock_(paths_.clock()) {
    HalvingOptions halving;
    halving.max_epochs = max_epochs_;
    rule_ = make_stopping_rule(study_.plan.stopping, halving);
    remember_kept_trials();
  }

  Study run();

 private:
  class TrialProgress;

  void remember_kept_trials();
  void work(int threads);
  void run_one(const TrialTask& task);
  void end_cut_short(const TrialTask& task, const TrialProgress& progress);
  std::optional<TrialTask> next();
  TrialTask task_of(BegunTrial begun) const;
  std::optional<TrialTask> begin(int number, Assignment settings);
  std::optional<double> quickest_trial() const;
  double longest_trial();
  bool may_begin() const;
  bool go_on(int number, const std::vector<double>& curve);
  void end(const TrialTask& task, const Trial& trial);
  void keep_one_model() const;
  Standing standing() const;
  void require_a_finished_one() const;

  bool time_is_over() const { return budget_.seconds && clock_.seconds() >= *budget_.seconds; }
  bool must_stop() const { return ended_ || observer_.stop_requested() || time_is_over(); }

  const StudyPaths paths_;
  const FolderLock lock_;
  Study study_;
  const Budget budget_;
  const SearchSpace space_;
  const std::unique_ptr<Sampler> sampler_;
  const int max_epochs_;
  const TrainingSamples samples_;
  StudyObserver& observer_;
  std::unique_ptr<StoppingRule> rule_;

  std::mutex mutex_;
  std::atomic<bool> ended_{false};  // by an error
  std::exception_ptr error_;
  StudyClock clock_;
  std::deque<BegunTrial> unfinished_;
  std::map<int, std::vector<double>> curves_;  // of all but the baseline, by number
  std::map<int, Assignment> running_;
  int next_number_ = 1;
  bool baseline_begun_ = false;
  bool exhausted_ = false;  // all settings of the space were tried
};

class Search::TrialProgress : public Progress {
 public:
  explicit TrialProgress(Search& search)
      : search_(search), limit_s_(search.longest_trial()), start_s_(search.clock_.seconds()) {}
  void update(std::uint64_t, std::uint64_t, const std::string&) override {
    const std::lock_guard lock(search_.mutex_);
    search_.observer_.at_work(search_.standing());
  }
  bool stop_requested() const override { return search_.must_stop() || takes_too_long(); }

  bool takes_too_long() const { return seconds() > limit_s_; }
  double seconds() const { return search_.clock_.seconds() - start_s_; }
  double limit_s() const { return limit_s_; }

 private:
  Search& search_;
  double limit_s_;
  double start_s_;
};

void Search::remember_kept_trials() {
  for (const Trial& trial : study_.trials) {
    next_number_ = std::max(next_number_, trial.number + 1);
    if (!trial.curve.empty()) curves_[trial.number] = trial.curve;
  }
  baseline_begun_ = study_.baseline.has_value();
  for (BegunTrial& begun : unfinished_trials(paths_.folder)) {
    next_number_ = std::max(next_number_, begun.number + 1);
    if (begun.number == 0) baseline_begun_ = true;
    if (begun.number != 0) curves_[begun.number] = kept_curve(task_of(begun));
    unfinished_.push_back(std::move(begun));
  }
}

TrialTask Search::task_of(BegunTrial begun) const {
  Trial trial;
  trial.number = begun.number;
  trial.settings = begun.settings;
  const fs::path folder = paths_.trial(begun.number);
  return {std::move(begun), recipe_of(study_.plan, trial), folder, study_.plan.metric};
}

/// Seconds of the quickest finished one.
std::optional<double> Search::quickest_trial() const {
  std::optional<double> quickest;
  const auto look_at = [&](const Trial& trial) {
    if (trial.state != Trial::State::finished) return;
    quickest = std::min(quickest.value_or(trial.seconds), trial.seconds);
  };
  if (study_.baseline) look_at(*study_.baseline);
  std::ranges::for_each(study_.trials, look_at);
  return quickest;
}

/// Seconds that a trial may take which begins now. Until one finished none is known to be quicker.
double Search::longest_trial() {
  const std::lock_guard lock(mutex_);
  const std::optional<double> quickest = quickest_trial();
  if (!budget_.seconds || !quickest) return std::numeric_limits<double>::infinity();
  return std::max(kLongestShare * *budget_.seconds, kLongestOfQuickest * *quickest);
}

bool Search::may_begin() const {
  if (budget_.trials && next_number_ > *budget_.trials) return false;
  const auto failed = std::ranges::count(study_.trials, Trial::State::failed, &Trial::state);
  if (failed >= kHopeless && static_cast<std::size_t>(failed) == study_.trials.size()) return false;
  return !budget_.seconds || clock_.seconds() + quickest_trial().value_or(0) < *budget_.seconds;
}

std::optional<TrialTask> Search::begin(int number, Assignment settings) {
  BegunTrial begun{number, std::move(settings), clock_.seconds()};
  make_folder(paths_.trial(number));
  write_file(paths_.begun(number), to_json(begun).dump(2) + "\n");
  clock_.save();
  running_[number] = begun.settings;
  return task_of(std::move(begun));
}

std::optional<TrialTask> Search::next() {
  const std::lock_guard lock(mutex_);
  if (ended_ || observer_.stop_requested()) return std::nullopt;
  if (!unfinished_.empty()) {
    BegunTrial begun = std::move(unfinished_.front());
    unfinished_.pop_front();
    running_[begun.number] = begun.settings;
    return task_of(std::move(begun));
  }
  if (time_is_over()) return std::nullopt;
  if (study_.plan.baseline && !baseline_begun_) {
    baseline_begun_ = true;
    return begin(0, own_settings(space_, study_.plan.recipe).value_or(Assignment{}));
  }
  if (exhausted_ || !may_begin()) return std::nullopt;
  std::vector<Assignment> running;
  for (const auto& [number, settings] : running_) running.push_back(settings);
  std::optional<Assignment> settings =
      untried_settings(*sampler_, space_, study_, running, next_number_, max_epochs_);
  if (!settings) {
    exhausted_ = true;
    observer_.note("all settings of the space were tried");
    return std::nullopt;
  }
  return begin(next_number_++, *std::move(settings));
}

bool Search::go_on(int number, const std::vector<double>& curve) {
  const std::lock_guard lock(mutex_);
  clock_.save_now_and_then();
  if (number == 0) return true;
  curves_[number] = curve;
  const auto trial_of = [](int n) { return static_cast<std::uint64_t>(n - 1); };
  std::vector<Curve> others;
  for (const auto& [other, values] : curves_) {
    if (other != number) others.push_back({trial_of(other), values});
  }
  return static_cast<int>(curve.size()) >= max_epochs_ ||
         !rule_->should_stop({trial_of(number), curve}, others);
}

Standing Search::standing() const {
  Standing now;
  now.ended = static_cast<int>(study_.trials.size());
  now.running = static_cast<int>(running_.size());
  now.seconds = clock_.seconds();
  now.budget = budget_;
  if (const Trial* best = winner(study_)) {
    now.best = best->number;
    now.best_value = study_.plan.metric == "loss" ? -best->value : best->value;
  }
  return now;
}

void Search::keep_one_model() const {
  const Trial* best = winner(study_);
  const auto tidy = [&](const Trial& trial) {
    if (trial.state != Trial::State::finished || trial.number == best->number) return;
    std::error_code ignored;
    fs::remove(RunPaths(paths_.trial(trial.number)).model(), ignored);
  };
  if (best == nullptr) return;
  if (study_.baseline) tidy(*study_.baseline);
  std::ranges::for_each(study_.trials, tidy);
}

void Search::end(const TrialTask& task, const Trial& trial) {
  const std::lock_guard lock(mutex_);
  save_trial(task.folder, trial);
  clock_.save();
  running_.erase(trial.number);
  if (trial.number == 0) {
    study_.baseline = trial;
  } else {
    study_.trials.push_back(trial);
    std::ranges::sort(study_.trials, {}, &Trial::number);
    if (trial.curve.empty()) {
      curves_.erase(trial.number);
    } else {
      curves_[trial.number] = trial.curve;
    }
  }
  keep_one_model();
  observer_.trial_ended(trial, standing());
}

void Search::run_one(const TrialTask& task) {
  TrialProgress progress(*this);
  try {
    const auto ask = [&](const std::vector<double>& curve) {
      return go_on(task.begun.number, curve);
    };
    end(task, run_trial(task, samples_, ask, progress));
  } catch (const Cancelled&) {
    if (ended_ || observer_.stop_requested()) return;  // goes on when the study does
    end_cut_short(task, progress);
  }
}

/// Ends a trial that had no more time: its last whole epoch counts.
void Search::end_cut_short(const TrialTask& task, const TrialProgress& progress) {
  const bool too_long = progress.takes_too_long();
  const std::string reason =
      too_long ? fmt::format("took longer than {}", format_duration(progress.limit_s()))
               : "the time was over";
  if (const auto trial = stopped_trial(task, reason)) {
    end(task, *trial);
  } else if (too_long) {
    end(task, failed_trial(task, reason, progress.seconds()));
  } else {
    const std::lock_guard lock(mutex_);
    running_.erase(task.begun.number);
    curves_.erase(task.begun.number);
    std::error_code ignored;
    fs::remove_all(task.folder, ignored);
  }
}

void Search::work(int threads) {
  const ThreadShare share(threads);
  try {
    while (const std::optional<TrialTask> task = next()) run_one(*task);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::current_exception();
    ended_ = true;
  }
}

void Search::require_a_finished_one() const {
  const auto failed = std::ranges::find(study_.trials, Trial::State::failed, &Trial::state);
  const bool all_failed =
      !study_.trials.empty() && std::ranges::all_of(study_.trials, [](const Trial& trial) {
        return trial.state == Trial::State::failed;
      });
  if (all_failed) {
    throw DataError(fmt::format("{}: all {} trials failed. Trial {}: {}", paths_.folder.string(),
                                study_.trials.size(), failed->number, failed->reason));
  }
  if (winner(study_) != nullptr) return;
  throw UsageError(
      fmt::format("{}: no trial came to its end within {}; give it more with --resume --budget, or "
                  "shorter trials with --epochs in another --out",
                  paths_.folder.string(), to_text(budget_)));
}

Study Search::run() {
  const CoreShares shares =
      share_cores(study_.plan.recipe, thread_count(), study_.plan.jobs, free_memory_bytes());
  {
    std::vector<std::jthread> helpers;
    for (int job = 1; job < shares.jobs; ++job) {
      helpers.emplace_back([this, &shares] { work(shares.threads); });
    }
    work(shares.threads);
  }
  if (error_) std::rethrow_exception(error_);
  clock_.save();
  if (observer_.stop_requested()) throw Cancelled("the study was stopped");
  require_a_finished_one();
  return std::move(study_);
}

}  // namespace

CoreShares share_cores(const Recipe& recipe, int cores, int wanted, std::uint64_t free_memory) {
  int jobs = wanted;
  if (jobs == 0) {
    const auto room = static_cast<int>(std::min<std::uint64_t>(free_memory / kBytesPerJob, 1024));
    jobs = recipe.family == "neural" ? std::clamp(std::min(cores, room), 1, kMostJobs) : 1;
  }
  return {jobs, std::max(1, cores / jobs)};
}

void open_study(const fs::path& folder, const StudyPlan& plan, bool resume) {
  const StudyPaths paths(folder);
  if (holds_study(folder)) {
    if (!resume) {
      throw UsageError(folder.string() +
                       ": holds a study already; choose another --out, or go on with it: --resume");
    }
    const std::string found = first_difference(load_study(folder).plan, plan);
    if (!found.empty()) {
      throw UsageError(fmt::format(
          "{}: holds another study: {}; use the same recipe, space, data and settings, or another "
          "--out",
          folder.string(), found));
    }
  }
  make_folder(folder);
  write_file(paths.plan(), to_json(plan).dump(2) + "\n");
}

Study run_study(const fs::path& folder, const Dataset& train, StudyObserver& observer) {
  return Search(folder, train, observer).run();
}

}  // namespace thimble::tuning
