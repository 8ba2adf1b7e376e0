#include "comparison/runner.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/folder.hpp"
#include "base/json_difference.hpp"
#include "base/parallel.hpp"
#include "base/shipped.hpp"
#include "base/text.hpp"
#include "comparison/compared_data.hpp"
#include "evaluation/judged_data.hpp"
#include "evaluation/prediction.hpp"
#include "evaluation/training_run.hpp"
#include "models/onnx_classifier.hpp"
#include "models/run_folder.hpp"

namespace thimble {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kLargestPlan = 100'000'000;  // bytes

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

json read_plan_json(const fs::path& path) {
  json plan = json::parse(read_file(path, kLargestPlan), nullptr, false);
  if (!plan.is_object()) throw DataError(path.string() + ": not the plan of a comparison");
  return plan;
}

/// Begins a comparison in the folder, or makes sure that it is this one that was begun there.
void open_folder(const ComparisonFolder& folder, const ComparisonPlan& plan) {
  // As it comes back from the file, so that numbers are alike.
  const json now = json::parse(to_json(plan).dump());
  std::error_code error;
  if (fs::exists(folder.plan(), error)) {
    json before = read_plan_json(folder.plan());
    before["command"] = now.at("command");  // the same may be asked for in other words
    const std::string found = first_difference(before, now);
    if (found.empty()) return;
    throw UsageError(
        fmt::format("{}: holds another comparison: {}; use the same models, data and settings, or "
                    "another --out",
                    folder.path.string(), found));
  }
  make_folder(folder.path);
  write_file(folder.plan(), now.dump(2) + "\n");
}

/// What is known of a data set after a first look.
struct KnownData {
  ComparedData source;
  std::vector<const ComparisonEntry*> entries;  ///< those that are compared on it
};

/// Looks at every data set and trained model, and finds out which suit each other.
std::vector<KnownData> look_at_data(const ComparisonPlan& plan, const fs::path& data_dir,
                                    ComparisonObserver& observer) {
  std::vector<std::pair<const ComparisonEntry*, ModelDescription>> models;
  for (const ComparisonEntry& entry : plan.entries) {
    if (!entry.recipe) models.emplace_back(&entry, load_classifier(entry.model)->description());
  }
  std::vector<KnownData> all;
  std::vector<std::string> left_out(models.size());
  std::vector<bool> used(models.size());
  for (ComparedData& source : find_compared_data(plan, data_dir)) {
    const DatasetSplits splits = source.load();
    if (splits.train.provenance.synthetic) {
      observer.note(fmt::format("{}: drawn by Thimble; figures say nothing about real pictures",
                                source.name));
    }
    for (const std::string& note : splits.notes) observer.note(note);
    KnownData known{std::move(source), {}};
    for (const ComparisonEntry& entry : plan.entries) {
      if (entry.recipe) known.entries.push_back(&entry);
    }
    for (std::size_t m = 0; m < models.size(); ++m) {
      const std::string problem = misfit(models[m].second, splits.train);
      if (problem.empty()) {
        known.entries.push_back(models[m].first);
        used[m] = true;
      } else {
        left_out[m] += fmt::format("\n  {}: {}", known.source.name, problem);
        observer.note(fmt::format("the model '{}' is left out on {}: {}", models[m].first->name,
                                  known.source.name, problem));
      }
    }
    all.push_back(std::move(known));
  }
  for (std::size_t m = 0; m < models.size(); ++m) {
    if (used[m]) continue;
    throw UsageError(
        fmt::format("the model '{}' ({}) suits none of the data; name other data with --data{}",
                    models[m].first->name, models[m].first->model.string(), left_out[m]));
  }
  return all;
}

/// Time that the epochs took which a run has behind it.
double seconds_in_history(const RunPaths& run) {
  double seconds = 0;
  for (const json& line : read_history(run.history())) seconds += line.value("seconds", 0.0);
  return seconds;
}

CellResult new_result(const ComparisonEntry& entry, const DatasetSplits& splits) {
  CellResult result;
  result.model = entry.name;
  result.threads = thread_count();
  result.program_version = program_version();
  result.train_fingerprint = splits.train.provenance.fingerprint;
  result.test_fingerprint = splits.test->provenance.fingerprint;
  return result;
}

std::uint64_t file_bytes(const fs::path& path) {
  std::error_code error;
  const std::uintmax_t bytes = fs::file_size(path, error);
  return error ? 0 : bytes;
}

FinishedCell train_cell(const ComparisonEntry& entry, DatasetSplits splits, const CellPaths& paths,
                        Progress& progress) {
  FinishedCell cell{new_result(entry, splits), {}};
  const Clock::time_point start = Clock::now();
  const std::unique_ptr<Classifier> classifier = make_classifier(*entry.recipe);
  TrainingSamples samples = samples_for(classifier->description(), std::move(splits));
  const RunPaths run(paths.run());

  TrainingCost training;
  training.resumed = fs::exists(run.checkpoint());
  const double seconds_before = training.resumed ? seconds_in_history(run) : 0;
  training.samples = samples.train.size();
  training.validation_samples = samples.validation.size();
  training.seed = training_seed(classifier->description());
  const PeakMemory memory;
  const FitReport report = fit_run(*classifier, samples, run.folder, /*resume=*/true, &progress);
  training.peak_memory_bytes = memory.bytes();
  training.seconds = seconds_before + report.seconds;
  training.stopped_because = report.stopped_because;

  // What is counted differs from step to step: only the training, which takes longest, is shown.
  StopOnly silent(progress);
  judge_validation(*classifier, samples, &silent);
  classifier->save(run.model());
  const Images test_pictures = samples.test->images;
  JudgedTest judged = judge_test(*classifier, samples, run.folder, &silent);
  classifier->save(run.model());
  cell.probabilities = std::move(judged.probabilities);
  cell.result.notes = std::move(judged.notes);
  cell.result.family = classifier->description().family;
  cell.result.training = std::move(training);
  cell.result.prediction = measure_prediction(*classifier, test_pictures, &silent);
  cell.result.model_bytes = file_bytes(run.model());
  cell.result.seconds = seconds_before + seconds_since(start);
  return cell;
}

/// The columns in the order of the data set's classes instead of the model's, where the model's are
/// named.
Probabilities reordered(Probabilities probabilities, const ModelDescription& model,
                        const std::vector<std::string>& to) {
  if (has_numbered_classes(model)) return probabilities;
  const std::vector<std::string>& from = model.classes;
  std::vector<std::size_t> column;
  for (const std::string& name : to) {
    column.push_back(static_cast<std::size_t>(std::ranges::find(from, name) - from.begin()));
  }
  Probabilities result(probabilities.size(), to.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    for (std::size_t c = 0; c < to.size(); ++c) result[i][c] = probabilities[i][column[c]];
  }
  return result;
}

FinishedCell take_cell(const ComparisonEntry& entry, DatasetSplits splits, Progress& progress) {
  FinishedCell cell{new_result(entry, splits), {}};
  const Clock::time_point start = Clock::now();
  const std::vector<std::string> classes = splits.train.classes;
  const std::unique_ptr<Classifier> model = load_classifier(entry.model);
  const JudgedData judged =
      choose_judged_data(std::move(splits), JudgedSplit::test, model->description());
  Probabilities probabilities = predict(*model, judged.dataset.images, {.progress = &progress});
  cell.probabilities = reordered(std::move(probabilities), model->description(), classes);
  cell.result.notes = judged.notes;
  cell.result.family = model->description().family;
  cell.result.prediction = measure_prediction(*model, judged.dataset.images, &progress);
  cell.result.model_bytes = file_bytes(entry.model);
  cell.result.seconds = seconds_since(start);
  return cell;
}

double accuracy_of(const FinishedCell& cell, const Dataset& test) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < test.size(); ++i) {
    const auto label = static_cast<std::size_t>(test.labels[i]);
    right += predicted_class(cell.probabilities[i]) == label ? 1u : 0u;
  }
  return static_cast<double>(right) / static_cast<double>(test.size());
}

class Runner {
 public:
  Runner(ComparisonFolder folder, std::vector<KnownData> data, ComparisonObserver& observer)
      : folder_(std::move(folder)), data_(std::move(data)), observer_(observer) {
    for (const KnownData& known : data_) place_.cells += known.entries.size();
  }

  /// Makes the cells of a data set that are missing. Keeps nothing of them in memory, which the
  /// next training's figure would count.
  void run_cells(const KnownData& known) {
    DatasetSplits splits = known.source.load();
    for (const ComparisonEntry* entry : known.entries) run_cell(known.source, *entry, splits);
  }

  DataComparison collect(const KnownData& known) const {
    DatasetSplits splits = known.source.load();
    std::vector<FinishedCell> cells;
    std::vector<std::string> notes = splits.notes;
    if (splits.train.provenance.synthetic) {
      notes.insert(notes.begin(),
                   "synthetic pictures, drawn by Thimble: figures say nothing about real ones");
    }
    for (const ComparisonEntry* entry : known.entries) {
      const CellPaths paths = paths_of(known.source, *entry);
      std::optional<FinishedCell> cell = load_cell(paths, splits);
      if (!cell) throw FileError(paths.result().string() + ": it was there a moment ago");
      for (const std::string& note : cell->result.notes) notes.push_back(entry->name + ": " + note);
      cells.push_back(std::move(*cell));
    }
    DataComparison result =
        compare_models(known.source.name, std::move(*splits.test), std::move(cells));
    result.training_samples = splits.train.size();
    result.notes = std::move(notes);
    return result;
  }

  const std::vector<KnownData>& data() const { return data_; }

 private:
  /// @param splits  for looking at; given up while a model is trained, and loaded again after it
  void run_cell(const ComparedData& data, const ComparisonEntry& entry, DatasetSplits& splits) {
    ++place_.number;
    place_.data = data.name;
    place_.model = entry.name;
    place_.trained = entry.recipe.has_value();
    place_.family = entry.recipe ? entry.recipe->family : "";
    const CellPaths paths = paths_of(data, entry);
    std::optional<FinishedCell> cell = load_cell(paths, splits);
    const bool kept = cell.has_value();
    if (!kept) {
      make_folder(paths.folder);
      const std::unique_ptr<Progress> progress = observer_.begin(place_);
      if (progress->stop_requested()) throw Cancelled("stopped");
      DatasetSplits given = std::exchange(splits, {});
      cell = entry.recipe ? train_cell(entry, std::move(given), paths, *progress)
                          : take_cell(entry, std::move(given), *progress);
      save_cell(paths, *cell);
      splits = data.load();
    }
    observer_.finished(place_, cell->result, accuracy_of(*cell, *splits.test), kept);
  }

  CellPaths paths_of(const ComparedData& data, const ComparisonEntry& entry) const {
    return CellPaths(folder_.path / data.folder / file_name_for(entry.name));
  }

  ComparisonFolder folder_;
  std::vector<KnownData> data_;
  ComparisonObserver& observer_;
  CellPlace place_;
};

}  // namespace

std::optional<ComparisonPlan> ComparisonFolder::read_plan() const {
  std::error_code error;
  if (!fs::exists(plan(), error)) return std::nullopt;
  return comparison_plan_from_json(read_plan_json(plan()), plan().string());
}

Comparison run_comparison(const ComparisonPlan& plan, const fs::path& folder,
                          const fs::path& data_dir, ComparisonObserver& observer) {
  const ComparisonFolder paths(folder);
  std::vector<KnownData> data = look_at_data(plan, data_dir, observer);
  open_folder(paths, plan);
  Runner runner(paths, std::move(data), observer);
  Comparison comparison;
  comparison.quick = plan.quick;
  comparison.seed = plan.seed;
  for (const KnownData& known : runner.data()) runner.run_cells(known);
  for (const KnownData& known : runner.data()) {
    comparison.data.push_back(runner.collect(known));
    for (const ComparedModel& model : comparison.data.back().models) {
      comparison.seconds += model.measured.seconds;
    }
  }
  return comparison;
}

}  // namespace thimble
