#include "models/classical.hpp"

#include <chrono>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/shipped.hpp"
#include "classical/feature_step.hpp"
#include "models/description.hpp"
#include "models/run_folder.hpp"
#include "models/settings.hpp"
#include "models/training_data.hpp"

namespace thimble {
namespace {

using nlohmann::json;

constexpr std::string_view kFeaturePrefix = "features.";

/// The tables of a classical model's recipe.
struct ClassicalSettings {
  std::vector<std::string> steps = {"scale"};
  json model = json::object();
  double validation_fraction = 0;
  std::uint64_t seed = 1;
};

ClassicalSettings read_settings(const Recipe& recipe) {
  ClassicalSettings result;
  Settings root(recipe.settings, "");
  Settings features(root.table("features"), "features");
  features.read("steps", result.steps);
  features.finish();
  if (const json& model = root.table("model"); !model.is_null()) result.model = model;
  Settings training(root.table("training"), "training");
  training.read("validation_fraction", result.validation_fraction);
  if (result.validation_fraction < 0 || result.validation_fraction >= 1) {
    training.refuse("validation_fraction",
                    fmt::format("got {}, expected 0 to less than 1", result.validation_fraction));
  }
  training.read("seed", result.seed);
  training.finish();
  root.finish();
  return result;
}

/// A run that keeps nothing of a training that does not come to its end.
class Run {
 public:
  Run(const FitOptions& options, const Recipe& recipe, const Dataset& train) {
    if (options.run_folder.empty()) return;
    folder_.emplace(
        RunFolder::open(options.run_folder, recipe, train.provenance.fingerprint, options.resume));
  }
  ~Run() {
    if (folder_ && !finished_) folder_->abandon();
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  void finish() { finished_ = true; }

 private:
  std::optional<RunFolder> folder_;
  bool finished_ = false;
};

Tensor to_tensor(const classical::LearnedArray& array) {
  return Tensor::from(std::span<const float>(array.values), array.shape);
}

std::vector<classical::LearnedArray> learned_arrays(const ModelFile& file) {
  std::vector<classical::LearnedArray> arrays;
  for (const auto& [name, tensor] : file.tensors) {
    if (!name.starts_with(kFeaturePrefix)) continue;
    const auto values = tensor.as<float>();
    arrays.push_back({name, tensor.shape, {values.begin(), values.end()}});
  }
  return arrays;
}

}  // namespace

ClassicalClassifier::ClassicalClassifier(Recipe recipe, MakeEstimator make)
    : make_(std::move(make)), recipe_(std::move(recipe)), pipeline_(std::vector<std::string>()) {
  const ClassicalSettings settings = read_settings(recipe_);
  pipeline_ = make_pipeline(settings.steps);
  seed_ = settings.seed;
  estimator_ = make_(settings.model, seed_);
  recipe_.settings = {
      {"features", {{"steps", pipeline_.lines()}}},
      {"model", estimator_->settings()},
      {"training", {{"seed", seed_}, {"validation_fraction", settings.validation_fraction}}}};
  description_.family = recipe_.family;
  description_.name = recipe_.name;
  description_.recipe = recipe_.settings;
  description_.program_version = program_version();
}

FitReport ClassicalClassifier::fit(const Dataset& train, const FitOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  check_training_data(train, options.validation);
  Progress silent;
  Progress& progress = options.progress != nullptr ? *options.progress : silent;
  Run run(options, recipe_, train);

  classical::FeaturePipeline pipeline = make_pipeline(pipeline_.lines());
  const classical::Features features = pipeline.fit_transform(train.images, progress);
  const std::size_t classes = train.classes.size();
  const classical::Samples samples{features, train.labels, classes};
  std::optional<classical::Features> validation_features;
  std::optional<classical::Samples> validation;
  if (options.validation != nullptr && options.validation->size() > 0) {
    validation_features.emplace(pipeline.transform(options.validation->images));
    validation.emplace(
        classical::Samples{*validation_features, options.validation->labels, classes});
  }
  std::unique_ptr<Estimator> estimator = make_(recipe_.settings.at("model"), seed_);
  FitReport report = estimator->fit(samples, validation ? &*validation : nullptr, progress);
  if (progress.stop_requested()) throw Cancelled("training was stopped");

  pipeline_ = std::move(pipeline);
  estimator_ = std::move(estimator);
  trained_ = true;
  description_.input = train.images.shape();
  description_.classes = train.classes;
  description_.trained_on = train.provenance;
  run.finish();
  report.details["features"] = pipeline_.dims();
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

classical::FeaturePipeline ClassicalClassifier::make_pipeline(
    const std::vector<std::string>& lines) {
  return classical::FeaturePipeline(
      lines, [this](classical::FeatureLine& line) { return networks_.make(line); });
}

void ClassicalClassifier::require_trained() const {
  if (!trained_) throw UsageError(fmt::format("model {}: it is not trained yet", recipe_.name));
}

Probabilities ClassicalClassifier::predict_proba(const Images& pictures) const {
  require_trained();
  if (!pictures.empty() && pictures.shape() != description_.input) {
    throw ShapeError(fmt::format("model {}: got pictures of {}, expected {}", description_.name,
                                 to_string(pictures.shape()), to_string(description_.input)));
  }
  Probabilities probabilities(pictures.size(), description_.classes.size());
  if (pictures.empty()) return probabilities;
  estimator_->predict_proba(pipeline_.transform(pictures), probabilities);
  return probabilities;
}

void ClassicalClassifier::save(const std::filesystem::path& path) const {
  require_trained();
  ModelFile file;
  write_description(description_, file);
  for (const auto& array : pipeline_.learned()) file.tensors[array.name] = to_tensor(array);
  networks_.save(file);
  estimator_->save(file);
  save_model_file(path, file);
}

ClassicalClassifier::ClassicalClassifier(const ModelFile& file, const std::string& place,
                                         MakeEstimator make)
    : make_(std::move(make)),
      networks_(file, place),
      pipeline_(std::vector<std::string>()),
      description_(read_description(file, place)) {
  recipe_.name = description_.name;
  recipe_.family = description_.family;
  recipe_.settings = description_.recipe;
  try {
    const ClassicalSettings settings = read_settings(recipe_);
    pipeline_ = make_pipeline(settings.steps);
    seed_ = settings.seed;
    estimator_ = make_(settings.model, seed_);
    pipeline_.restore(description_.input, learned_arrays(file));
  } catch (const Error& e) {
    throw DataError(fmt::format("{}: {}", place, e.what()));
  }
  estimator_->load(file, place, pipeline_.dims(), description_.classes.size());
  trained_ = true;
}

std::string ClassicalClassifier::summary() const {
  std::string text = fmt::format("features    {}", fmt::join(pipeline_.lines(), ", "));
  if (pipeline_.lines().empty()) text += "the pixels, 0 to 255";
  if (!trained_) return text + "\nnot trained yet\n";
  return fmt::format("{}; {} a picture\n{}", text, pipeline_.dims(), estimator_->summary());
}

}  // namespace thimble
