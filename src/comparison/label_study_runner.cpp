#include "comparison/label_study_runner.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/folder.hpp"
#include "base/hash.hpp"
#include "base/json_difference.hpp"
#include "base/json_number.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "comparison/label_study_ways.hpp"
#include "data/source.hpp"
#include "data/split.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/prediction.hpp"
#include "models/embedding.hpp"
#include "models/recipe.hpp"
#include "models/shipped.hpp"

namespace thimble {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::uint64_t kLargestFile = 10'000'000;  // bytes
constexpr int kMostLabels = 1'000'000;
constexpr int kMostSeeds = 1000;
/// Training pictures that judge in place of the test split, at most; of smaller sets half.
constexpr std::size_t kValidationPictures = 10'000;
constexpr std::uint64_t kValidationSeed = 0;

void check(const LabelStudyOptions& options) {
  if (options.labels.empty()) throw UsageError("labels: none are given");
  std::set<int> seen;
  for (const int labels : options.labels) {
    if (labels < 1 || labels > kMostLabels) {
      throw UsageError(fmt::format("labels: got {}, expected 1 to {} pictures a class", labels,
                                   format_count(kMostLabels)));
    }
    if (!seen.insert(labels).second) {
      throw UsageError(fmt::format("labels: {} is given twice", labels));
    }
  }
  if (options.seeds < 1 || options.seeds > kMostSeeds) {
    throw UsageError(
        fmt::format("seeds: got {}, expected 1 to {}", options.seeds, format_count(kMostSeeds)));
  }
}

/// What is learned from and what judges.
struct StudyData {
  Dataset train;
  Dataset judged;
};

StudyData load_data(const LabelStudyOptions& options, const ModelDescription& init) {
  DatasetSplits splits = load_dataset(options.data, {.data_dir = options.data_dir});
  const PictureShape& shape = splits.train.images.shape();
  if (shape != init.input) {
    throw DataError(fmt::format("{}: its pictures are {}, but the model '{}' takes {}",
                                options.data, to_string(shape), init.name, to_string(init.input)));
  }
  if (options.validate) {
    const std::size_t count = std::min(kValidationPictures, splits.train.size() / 2);
    TrainValidation both = split_validation(splits.train, count, kValidationSeed);
    return {std::move(both.train), std::move(both.validation)};
  }
  if (!splits.test) {
    throw UsageError(
        fmt::format("{}: it has no test split to judge by; name data that has one", options.data));
  }
  return {std::move(splits.train), *std::move(splits.test)};
}

json plan_of(const LabelStudyOptions& options, const StudyData& data, const std::string& sha256) {
  json ways = json::object();
  for (const LabelStudyRecipe& entry : label_study_ways(options.init, 1, options.settings)) {
    ways[entry.way.name] = entry.recipe.settings;
  }
  return {{"init", {{"model", options.init}, {"sha256", sha256}}},
          {"data",
           {{"name", data.train.provenance.name},
            {"train_fingerprint", data.train.provenance.fingerprint},
            {"judged_by", data.judged.provenance.split},
            {"judged_fingerprint", data.judged.provenance.fingerprint}}},
          {"ways", std::move(ways)}};
}

/// Begins a study in the folder, or makes sure that it is this one that was begun there. More
/// labels and seeds may join it.
void open_folder(const LabelStudyFolder& folder, const json& plan) {
  std::error_code error;
  if (fs::exists(folder.plan(), error)) {
    const json before = json::parse(read_file(folder.plan(), kLargestFile), nullptr, false);
    const std::string found = first_difference(before, json::parse(plan.dump()));
    if (found.empty()) return;
    throw UsageError(
        fmt::format("{}: holds another study: {}; use the same model, data and settings, or "
                    "another --out",
                    folder.path.string(), found));
  }
  make_folder(folder.path);
  write_file(folder.plan(), plan.dump(2) + "\n");
}

/// What one training came to.
struct Result {
  std::size_t right = 0;
  std::size_t samples = 0;
  double seconds = 0;

  double accuracy() const { return static_cast<double>(right) / static_cast<double>(samples); }
};

std::optional<Result> read_result(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return std::nullopt;
  const std::string place = path.string();
  try {
    const json document = json::parse(read_file(path, kLargestFile));
    const Result result{whole_number<std::size_t>(document, "right", place),
                        whole_number<std::size_t>(document, "samples", place),
                        document.at("seconds").get<double>()};
    if (result.samples == 0 || result.right > result.samples) {
      throw DataError(place + ": its figures contradict each other");
    }
    return result;
  } catch (const json::exception& e) {
    throw DataError(fmt::format("{}: not the result of a study's training: {}", place, e.what()));
  }
}

void write_result(const fs::path& path, const Result& result, std::size_t trained_on) {
  write_file(path, json{{"right", result.right},
                        {"samples", result.samples},
                        {"accuracy", result.accuracy()},
                        {"seconds", result.seconds},
                        {"trained_on", trained_on}}
                           .dump(2) +
                       "\n");
}

Result train(Recipe recipe, const Dataset& drawn, const Dataset& judged, std::uint64_t seed,
             Progress& progress) {
  recipe.settings["training"]["seed"] = seed;
  const std::unique_ptr<Classifier> classifier = make_classifier(recipe);
  FitOptions options;
  options.progress = &progress;
  Result result;
  result.seconds = classifier->fit(drawn, options).seconds;
  const Probabilities probabilities = predict(*classifier, judged.images);
  result.samples = judged.size();
  for (std::size_t i = 0; i < judged.size(); ++i) {
    const auto label = static_cast<std::size_t>(judged.labels[i]);
    result.right += predicted_class(probabilities[i]) == label ? 1U : 0U;
  }
  return result;
}

class Runner {
 public:
  Runner(const LabelStudyOptions& options, LabelStudyFolder folder, StudyData data,
         LabelStudyObserver& observer)
      : options_(options),
        folder_(std::move(folder)),
        data_(std::move(data)),
        observer_(observer) {}

  void run(LabelStudy& study) {
    const std::size_t classes = study.classes.size();
    study.cells.resize(study.labels.size() * study.ways.size());
    place_.trainings = study.cells.size() * study.seeds.size();
    for (std::size_t l = 0; l < study.labels.size(); ++l) {
      place_.labels = study.labels[l];
      const auto samples = static_cast<std::size_t>(place_.labels) * classes;
      const auto ways = label_study_ways(options_.init, samples, options_.settings);
      for (const std::uint64_t seed : study.seeds) {
        place_.seed = seed;
        const Dataset drawn = data_.train.select(draw_labels(data_.train, place_.labels, seed));
        for (std::size_t way = 0; way < ways.size(); ++way) {
          const Result result = run_one(ways[way], drawn);
          LabelStudyCell& cell = study.cells[l * ways.size() + way];
          cell.accuracies.push_back(result.accuracy());
          cell.seconds += result.seconds / static_cast<double>(study.seeds.size());
          study.seconds += result.seconds;
        }
      }
    }
  }

 private:
  Result run_one(const LabelStudyRecipe& way, const Dataset& drawn) {
    ++place_.number;
    place_.way = way.way.name;
    const fs::path path = folder_.result(place_.labels, place_.seed, place_.way);
    std::optional<Result> result = read_result(path);
    const bool kept = result.has_value();
    if (!kept) {
      const std::unique_ptr<Progress> progress = observer_.begin(place_);
      if (progress->stop_requested()) throw Cancelled("stopped");
      result = train(way.recipe, drawn, data_.judged, place_.seed, *progress);
      write_result(path, *result, drawn.size());
    }
    observer_.finished(place_, result->accuracy(), result->seconds, kept);
    return *result;
  }

  const LabelStudyOptions& options_;
  LabelStudyFolder folder_;
  StudyData data_;
  LabelStudyObserver& observer_;
  LabelStudyPlace place_;
};

LabelStudy new_study(const LabelStudyOptions& options, const StudyData& data,
                     const ModelDescription& init) {
  LabelStudy study;
  study.data = data.train.provenance.name;
  study.init = options.init;
  study.init_name = init.name;
  study.init_trained_on = init.trained_on.name;
  study.classes = data.train.classes;
  study.split = data.judged.provenance.split;
  study.test_samples = data.judged.size();
  study.labels = options.labels;
  std::ranges::sort(study.labels);
  for (int seed = 1; seed <= options.seeds; ++seed) {
    study.seeds.push_back(static_cast<std::uint64_t>(seed));
  }
  for (LabelStudyRecipe& entry : label_study_ways(options.init, 1, options.settings)) {
    study.ways.push_back(std::move(entry.way));
  }
  if (data.train.provenance.synthetic || init.trained_on.synthetic) {
    study.notes.push_back(
        "synthetic pictures, drawn by Thimble: figures say nothing about real ones");
  }
  if (init.trained_on.name == study.data) {
    study.notes.push_back(fmt::format(
        "the model was trained on {} itself, with all labels: this is no test of few labels",
        study.data));
  }
  return study;
}

}  // namespace

fs::path LabelStudyFolder::result(int labels, std::uint64_t seed, const std::string& way) const {
  return path / fmt::format("{}-{}-{}.json", labels, seed, way);
}

std::vector<std::size_t> draw_labels(const Dataset& dataset, int labels, std::uint64_t seed) {
  const auto count = static_cast<std::size_t>(labels);
  std::vector<std::vector<std::size_t>> by_class(dataset.classes.size());
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    by_class.at(static_cast<std::size_t>(dataset.labels[i])).push_back(i);
  }
  std::vector<std::size_t> drawn;
  for (std::size_t c = 0; c < by_class.size(); ++c) {
    if (by_class[c].size() < count) {
      throw UsageError(
          fmt::format("labels: {} pictures a class are asked for, but class '{}' of "
                      "{} has {} to learn from",
                      labels, dataset.classes[c], dataset.provenance.name, by_class[c].size()));
    }
    Random(hash_seed(seed, c)).shuffle(std::span(by_class[c]));
    drawn.insert(drawn.end(), by_class[c].begin(), by_class[c].begin() + labels);
  }
  std::ranges::sort(drawn);
  return drawn;
}

LabelStudy run_label_study(const LabelStudyOptions& options, const fs::path& folder,
                           LabelStudyObserver& observer) {
  check(options);
  const fs::path init_file = find_model(options.init);
  const std::unique_ptr<Classifier> init = load_classifier(init_file);
  const Embedder usable(*init);
  StudyData data = load_data(options, init->description());
  LabelStudy study = new_study(options, data, init->description());
  draw_labels(data.train, study.labels.back(), study.seeds.front());
  const LabelStudyFolder paths(folder);
  const std::string content = read_file(init_file);
  open_folder(paths, plan_of(options, data, sha256_hex(std::as_bytes(std::span(content)))));
  Runner(options, paths, std::move(data), observer).run(study);
  summarise(study);
  return study;
}

}  // namespace thimble
