#include "tuning/study_runner.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <exception>
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
#include "base/folder_lock.hpp"
#include "base/free_memory.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "models/run_folder.hpp"
#include "tuning/sampler.hpp"
#include "tuning/stopping_rule.hpp"
#include "tuning/study_clock.hpp"
#include "tuning/study_plan.hpp"
#include "tuning/trial_run.hpp"

namespace thimble::tuning {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr int kMostJobs = 8;
constexpr std::uint64_t kBytesPerJob = 1'000'000'000;
/// How often settings are drawn again that were tried already.
constexpr int kSuggestions = 20;
constexpr int kDraws = 1000;
/// So many failed trials without any other: the rest would fail as well.
constexpr int kHopeless = 20;

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder)) {
    throw FileError(fmt::format("{}: cannot make this folder: {}", folder.string(),
                                error ? error.message() : "it is a file"));
  }
}

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
  std::optional<TrialTask> next();
  TrialTask task_of(BegunTrial begun) const;
  std::optional<TrialTask> begin(int number, Assignment settings);
  std::optional<Assignment> suggest(int number) const;
  std::vector<Observation> observations() const;
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
  explicit TrialProgress(Search& search) : search_(search) {}
  void update(std::uint64_t, std::uint64_t, const std::string&) override {
    const std::lock_guard lock(search_.mutex_);
    search_.observer_.at_work(search_.standing());
  }
  bool stop_requested() const override { return search_.must_stop(); }

 private:
  Search& search_;
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

std::vector<Observation> Search::observations() const {
  std::vector<Observation> all;
  double worst = 0;
  const auto add = [&](const Trial& trial) {
    if (trial.state == Trial::State::failed) return;
    // One that ended by itself did what there was to do.
    const bool whole = trial.state == Trial::State::finished;
    const int epochs = whole ? max_epochs_ : static_cast<int>(trial.curve.size());
    all.push_back({trial.settings, trial.curve.back(), epochs});
    worst = std::min(worst, trial.curve.back());
  };
  if (study_.baseline && !study_.baseline->settings.empty()) add(*study_.baseline);
  for (const Trial& trial : study_.trials) add(trial);
  for (const Trial& trial : study_.trials) {
    // Worse than all others, and no further than any.
    if (trial.state == Trial::State::failed) all.push_back({trial.settings, worst - 1, 0});
  }
  return all;
}

std::optional<Assignment> Search::suggest(int number) const {
  const auto tried = [&](const Assignment& settings) {
    return std::ranges::any_of(study_.trials,
                               [&](const Trial& t) { return t.settings == settings; }) ||
           std::ranges::any_of(running_, [&](const auto& r) { return r.second == settings; }) ||
           (study_.baseline && study_.baseline->settings == settings);
  };
  const std::vector<Observation> known = observations();
  const auto trial = static_cast<std::uint64_t>(number - 1);
  for (std::uint64_t again = 0; again < kSuggestions; ++again) {
    Assignment settings = sampler_->suggest(trial + (again << 32), known);
    if (!tried(settings)) return settings;
  }
  Random random(hash_seed(study_.plan.seed, static_cast<std::uint64_t>(number)));
  for (int draw = 0; draw < kDraws; ++draw) {
    Assignment settings = space_.sample(random);
    if (!tried(settings)) return settings;
  }
  return std::nullopt;
}

bool Search::may_begin() const {
  if (budget_.trials && next_number_ > *budget_.trials) return false;
  const auto failed = std::ranges::count(study_.trials, Trial::State::failed, &Trial::state);
  if (failed >= kHopeless && static_cast<std::size_t>(failed) == study_.trials.size()) return false;
  if (!budget_.seconds) return true;
  std::optional<double> quickest;
  const auto look_at = [&](const Trial& trial) {
    if (trial.state != Trial::State::finished) return;
    quickest = std::min(quickest.value_or(trial.seconds), trial.seconds);
  };
  if (study_.baseline) look_at(*study_.baseline);
  std::ranges::for_each(study_.trials, look_at);
  return clock_.seconds() + quickest.value_or(0) < *budget_.seconds;
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
  std::optional<Assignment> settings = suggest(next_number_);
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
  const int number = task.begun.number;
  TrialProgress progress(*this);
  try {
    const auto ask = [&](const std::vector<double>& curve) { return go_on(number, curve); };
    end(task, run_trial(task, samples_, ask, progress));
  } catch (const Cancelled&) {
    if (ended_ || observer_.stop_requested()) return;  // goes on when the study does
    if (const auto trial = stopped_trial(task, "the time was over")) {
      end(task, *trial);
      return;
    }
    const std::lock_guard lock(mutex_);
    running_.erase(number);
    curves_.erase(number);
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
