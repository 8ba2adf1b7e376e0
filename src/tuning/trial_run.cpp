#include "tuning/trial_run.hpp"

#include <chrono>
#include <cmath>
#include <memory>
#include <new>
#include <system_error>

#include <fmt/format.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "models/run_folder.hpp"

namespace thimble::tuning {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// How a network's report begins where FitOptions::epoch_done ended it: what is left to go by when
/// a kill came between the last epoch and trial.json.
constexpr std::string_view kEndedByCaller = "stopped after epoch";

/// What the epochs in a run's history came to.
struct KeptEpochs {
  std::vector<double> curve;
  double loss = 0;
  double seconds = 0;
};

KeptEpochs kept_epochs(const TrialTask& task) {
  KeptEpochs kept;
  for (const json& line : read_history(RunPaths(task.folder).history())) {
    kept.loss = line.value("validation_loss", 0.0);
    kept.curve.push_back(
        metric_value(task.metric, line.value("validation_accuracy", 0.0), kept.loss));
    kept.seconds += line.value("seconds", 0.0);
  }
  return kept;
}

Trial begin(const TrialTask& task) {
  Trial trial;
  trial.number = task.begun.number;
  trial.settings = task.begun.settings;
  trial.started_s = task.begun.started_s;
  return trial;
}

void require_finite(double value, const std::string& when) {
  if (!std::isfinite(value)) {
    throw DataError("the loss on validation is no longer a number " + when);
  }
}

/// The training itself; fills in what it came to.
void train(const TrialTask& task, const TrainingSamples& samples,
           const std::function<bool(const std::vector<double>&)>& go_on, Progress& progress,
           Trial& trial) {
  const std::unique_ptr<Classifier> classifier = make_classifier(task.recipe);
  const KeptEpochs kept = kept_epochs(task);
  trial.curve = kept.curve;
  trial.loss = kept.loss;
  bool told = false;
  bool stopped = false;
  const auto epoch_done = [&](const EpochFigures& figures) {
    told = true;
    trial.loss = figures.validation_loss.value_or(0);
    require_finite(trial.loss, fmt::format("after epoch {}", figures.epoch));
    // The history may be one epoch ahead of the checkpoint that was gone on from.
    trial.curve.resize(static_cast<std::size_t>(figures.epoch - 1));
    trial.curve.push_back(
        metric_value(task.metric, figures.validation_accuracy.value_or(0), trial.loss));
    stopped = !go_on(trial.curve);
    return !stopped;
  };
  const FitReport report =
      fit_run(*classifier, samples, task.folder, /*resume=*/true, &progress, epoch_done);
  trial.reason = report.stopped_because;
  trial.details = report.details;
  if (stopped || (!told && trial.reason.starts_with(kEndedByCaller))) {
    trial.state = Trial::State::stopped;
    trial.reason += ", where others did better";
    trial.value = trial.curve.back();
    return;
  }
  // What is counted in judging would look like a new training.
  StopOnly silent(progress);
  const auto judged = judge_validation(*classifier, samples, &silent);
  trial.loss = judged->evaluation.loss;
  require_finite(trial.loss, "at its end");
  trial.value = metric_value(task.metric, judged->evaluation.accuracy, trial.loss);
  if (trial.curve.empty()) trial.curve = {trial.value};
  classifier->save(RunPaths(task.folder).model());
}

}  // namespace

double metric_value(const std::string& metric, double accuracy, double loss) {
  return metric == "loss" ? -loss : accuracy;
}

Trial run_trial(const TrialTask& task, const TrainingSamples& samples,
                const std::function<bool(const std::vector<double>&)>& go_on, Progress& progress) {
  const Clock::time_point start = Clock::now();
  const double seconds_before = kept_epochs(task).seconds;
  Trial trial = begin(task);
  const auto seconds = [&] {
    return seconds_before + std::chrono::duration<double>(Clock::now() - start).count();
  };
  try {
    train(task, samples, go_on, progress, trial);
  } catch (const Cancelled&) {
    throw;
  } catch (const FileError&) {
    throw;
  } catch (const std::bad_alloc&) {
    return failed_trial(task, "out of memory", seconds());
  } catch (const std::exception& error) {
    return failed_trial(task, error.what(), seconds());
  }
  trial.seconds = seconds();
  return trial;
}

std::vector<double> kept_curve(const TrialTask& task) { return kept_epochs(task).curve; }

std::optional<Trial> stopped_trial(const TrialTask& task, const std::string& reason) {
  const KeptEpochs kept = kept_epochs(task);
  if (kept.curve.empty()) return std::nullopt;
  Trial trial = begin(task);
  trial.state = Trial::State::stopped;
  trial.reason = reason;
  trial.curve = kept.curve;
  trial.value = kept.curve.back();
  trial.loss = kept.loss;
  trial.seconds = kept.seconds;
  return trial;
}

Trial failed_trial(const TrialTask& task, const std::string& reason, double seconds) {
  Trial trial = begin(task);
  trial.state = Trial::State::failed;
  trial.reason = reason;
  trial.seconds = seconds;
  return trial;
}

void save_trial(const fs::path& folder, const Trial& trial) {
  write_file(folder / "trial.json", to_json(trial).dump(2) + "\n");
  const RunPaths run(folder);
  std::error_code ignored;
  fs::remove_all(run.checkpoint(), ignored);
  fs::remove(run.best(), ignored);
}

}  // namespace thimble::tuning
