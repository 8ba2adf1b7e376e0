// Fits and asks one classical model and prints the times as one JSON object: Thimble's half of
// classical_speed. Times begin once the pictures are in memory.

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "classical/neighbors.hpp"
#include "data/source.hpp"
#include "data/split.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/prediction.hpp"
#include "models/recipe.hpp"
#include "models/registry.hpp"

namespace {

using namespace thimble;
using nlohmann::json;

struct Arguments {
  std::string recipe;
  std::vector<std::string> settings;
  std::string source = "fashion-mnist";
  std::string data_dir;
  std::optional<std::size_t> train;
  std::optional<std::size_t> test;
  std::optional<int> threads;
  std::string neighbours;
  bool only_settings = false;
};

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Keeps what a fit tells of itself, with the time: the curve of its loss.
class Recorder : public Progress {
 public:
  void update(std::uint64_t done, std::uint64_t total, const std::string& detail) override {
    updates_.push_back(
        {{"seconds", watch_.seconds()}, {"done", done}, {"total", total}, {"detail", detail}});
  }
  const json& updates() const { return updates_; }

 private:
  Stopwatch watch_;
  json updates_ = json::array();
};

std::size_t peak_rss_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  constexpr std::size_t kUnit = 1024;  // of ru_maxrss on Linux
  return static_cast<std::size_t>(usage.ru_maxrss) * kUnit;
}

/// The first `count` samples, as they lie in the file.
Dataset first(Dataset dataset, std::optional<std::size_t> count) {
  if (!count || *count >= dataset.size()) return dataset;
  std::vector<std::size_t> indices(*count);
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  return dataset.select(indices);
}

struct Predicted {
  Probabilities probabilities;
  double seconds;
};

/// The median time of up to five predictions; those that take long are made once.
Predicted predict_repeatedly(const Classifier& model, const Dataset& test) {
  constexpr std::size_t kMost = 5;
  constexpr double kEnough_s = 2;
  Predicted result;
  std::vector<double> times;
  const Stopwatch all;
  while (times.empty() || (times.size() < kMost && all.seconds() < kEnough_s)) {
    const Stopwatch one;
    result.probabilities = predict(model, test.images);
    times.push_back(one.seconds());
  }
  std::ranges::sort(times);
  result.seconds = times[times.size() / 2];
  return result;
}

/// int32 [queries, k], nearest first.
void write_neighbours(const std::string& path, const Dataset& train, const Dataset& test,
                      std::size_t k) {
  const std::size_t dims = train.images.shape().size();
  const classical::NearestNeighbors rows(classical::Features(train.images.pixels(), dims, 1));
  const classical::Neighbors found =
      rows.search(classical::Features(test.images.pixels(), dims, 1), k);
  std::ofstream out(path, std::ios::binary);
  const auto bytes = std::as_bytes(std::span(found.indices));
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  if (!out) throw FileError(path + ": cannot be written");
}

json measure(const Arguments& arguments, const Recipe& recipe, Classifier& model) {
  DatasetSplits splits = load_dataset(arguments.source, {.data_dir = arguments.data_dir});
  if (!splits.test) throw UsageError(arguments.source + ": no test split");
  Dataset train = first(std::move(splits.train), arguments.train);
  const Dataset test = first(std::move(*splits.test), arguments.test);
  const json& training = model.description().recipe.at("training");
  std::optional<Dataset> validation;
  if (const double fraction = training.value("validation_fraction", 0.0); fraction > 0) {
    TrainValidation parts =
        split_validation_fraction(train, fraction, training.value("seed", std::uint64_t{1}));
    train = std::move(parts.train);
    validation = std::move(parts.validation);
  }

  Recorder recorder;
  FitOptions options;
  options.progress = &recorder;
  options.validation = validation ? &*validation : nullptr;
  const FitReport report = model.fit(train, options);
  const std::size_t peak_of_fit = peak_rss_bytes();
  const Predicted predicted = predict_repeatedly(model, test);
  const Evaluation evaluation = evaluate(predicted.probabilities, test.labels, test.classes);
  const std::size_t peak = peak_rss_bytes();
  const json& settings = model.description().recipe;
  if (!arguments.neighbours.empty()) {
    write_neighbours(arguments.neighbours, train, test,
                     settings.at("model").at("n_neighbors").get<std::size_t>());
  }
  return {{"recipe", recipe.name},
          {"settings", settings},
          {"train", train.size()},
          {"validation", validation ? validation->size() : 0},
          {"test", test.size()},
          {"fit_seconds", report.seconds},
          {"predict_seconds", predicted.seconds},
          {"accuracy", evaluation.accuracy},
          {"stopped_because", report.stopped_because},
          {"details", report.details},
          {"updates", recorder.updates()},
          {"peak_rss_of_fit_bytes", peak_of_fit},
          {"peak_rss_bytes", peak}};
}

void add_options(CLI::App& app, Arguments& arguments) {
  app.add_option("recipe", arguments.recipe, "Name of a recipe, or a .toml file")->required();
  app.add_option("--set", arguments.settings, "One setting: model.C=10");
  app.add_option("--data", arguments.source, "Data set, as `thimble train` takes it");
  app.add_option("--data-dir", arguments.data_dir, "Folder with the named data sets");
  app.add_option("--train", arguments.train, "Train on the first so many pictures");
  app.add_option("--test", arguments.test, "Predict the first so many test pictures");
  app.add_option("--threads", arguments.threads, "Threads to use");
  app.add_option("--neighbours", arguments.neighbours,
                 "Also write the neighbours of the test pictures to this file (knn)");
  app.add_flag("--settings", arguments.only_settings, "Print the recipe, spelled out, and end");
}

json run(const Arguments& arguments) {
  if (arguments.threads) set_thread_count(*arguments.threads);
  Recipe recipe = load_recipe(arguments.recipe);
  for (const std::string& setting : arguments.settings) override_setting(recipe, setting);
  const std::unique_ptr<Classifier> model = find_family(recipe.family).make(recipe);
  if (arguments.only_settings) return model->description().recipe;
  return measure(arguments, recipe, *model);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Times one classical model");
  add_options(app, arguments);
  CLI11_PARSE(app, argc, argv);
  try {
    std::cout << run(arguments).dump() << "\n";
  } catch (const Error& error) {
    std::cerr << "bench_classical: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
