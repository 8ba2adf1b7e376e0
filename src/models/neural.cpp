#include "models/neural.hpp"

#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/shipped.hpp"
#include "base/text.hpp"
#include "models/description.hpp"
#include "models/neural_checkpoint.hpp"
#include "models/neural_data.hpp"
#include "models/run_folder.hpp"
#include "models/training_data.hpp"
#include "nn/loss.hpp"

namespace thimble {
namespace {

using nlohmann::json;

constexpr char kNetworkKey[] = "thimble.network";

nn::Shape input_shape(const PictureShape& shape) {
  return {shape.channels, shape.height, shape.width, false};
}

nn::Graph build_graph(const NeuralOptions& options, const PictureShape& input, int classes) {
  const auto lines = options.layers.empty()
                         ? nn::architecture_lines(options.architecture, options.variation)
                         : options.layers;
  nn::Graph graph = nn::Graph::parse(input_shape(input), lines, classes);
  if (graph.output().size() != classes) {
    throw UsageError(fmt::format(
        "model: the last layer gives {} values, expected one for each of the {} classes; end with "
        "\"dense classes\"",
        nn::to_string(graph.output()), classes));
  }
  return graph;
}

json to_json(const nn::EpochRecord& record) {
  json line{{"epoch", record.epoch},       {"loss", record.loss},
            {"accuracy", record.accuracy}, {"learning_rate", record.learning_rate},
            {"seconds", record.seconds},   {"images_per_second", record.images_per_second}};
  if (record.validation_loss) {
    line["validation_loss"] = *record.validation_loss;
    line["validation_accuracy"] = *record.validation_accuracy;
  }
  return line;
}

EpochFigures to_figures(const nn::EpochRecord& record) {
  return {record.epoch, record.loss, record.accuracy, record.validation_loss,
          record.validation_accuracy};
}

std::string to_text(const nn::EpochRecord& record, int epochs) {
  std::string text =
      fmt::format("epoch {:>{}}/{}  loss {:.4f}  accuracy {:.4f}", record.epoch,
                  std::to_string(epochs).size(), epochs, record.loss, record.accuracy);
  if (record.validation_loss) {
    text += fmt::format("  validation loss {:.4f}  accuracy {:.4f}", *record.validation_loss,
                        *record.validation_accuracy);
  }
  return text + fmt::format("  {}  {} images/s", format_duration(record.seconds),
                            format_count(static_cast<std::uint64_t>(record.images_per_second)));
}

InitialNetwork initial_network(const TransferOptions& options) {
  InitialNetwork initial = load_initial_network(options.init, options.stem);
  if (!options.init_sha256.empty() && initial.sha256 != options.init_sha256) {
    throw UsageError(fmt::format(
        "transfer.init: {} has SHA-256 {}, expected {}; give the same model, or for another leave "
        "out transfer.init_sha256",
        options.init, initial.sha256, options.init_sha256));
  }
  check_freeze(initial, options);
  return initial;
}

/// The head of a network whose layers before it learn at a rate of their own.
int head_of(const nn::Graph& graph) {
  try {
    return nn::stages_of(graph).head;
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("optimizer.backbone_lr_scale: {}", error.what()));
  }
}

void save_network(const std::filesystem::path& path, const ModelDescription& description,
                  const nn::InferencePool& network) {
  ModelFile file;
  write_description(description, file);
  file.metadata[kNetworkKey] = json{
      {"layers", network.graph().lines()},
      {"input_scale", network.scaling().scale},
      {"input_shift",
       network.scaling().shift}}.dump();
  add_tensors(file, network.parameters());
  save_model_file(path, file);
}

/// A training run's files, or nothing where no folder was given.
class Run {
 public:
  Run(const FitOptions& options, const Recipe& recipe, const Dataset& train) {
    if (options.run_folder.empty()) return;
    folder_.emplace(
        RunFolder::open(options.run_folder, recipe, train.provenance.fingerprint, options.resume));
  }

  void resume(nn::Trainer& trainer) {
    if (!folder_ || !folder_->resumed()) return;
    if (const auto state = load_checkpoint(folder_->paths().checkpoint())) trainer.restore(*state);
    folder_->truncate_history(static_cast<std::size_t>(trainer.epochs_done()));
  }
  void epoch_done(const nn::EpochRecord& record) {
    if (folder_) folder_->append_history(to_json(record));
  }
  void save(const nn::Trainer& trainer) {
    if (folder_) save_checkpoint(folder_->paths().checkpoint(), trainer.state());
  }
  const RunPaths* paths() const { return folder_ ? &folder_->paths() : nullptr; }

 private:
  std::optional<RunFolder> folder_;
};

}  // namespace

NeuralClassifier::NeuralClassifier(Recipe recipe)
    : recipe_(std::move(recipe)), options_(read_neural_options(recipe_)) {
  if (!options_.transfer.init.empty()) {
    initial_ = std::make_shared<InitialNetwork>(initial_network(options_.transfer));
    options_.transfer.init_sha256 = initial_->sha256;
    options_.architecture.clear();
    options_.layers = transferred_layers(*initial_);
  }
  recipe_.settings = to_json(options_);
  description_.family = "neural";
  description_.name = recipe_.name;
  description_.recipe = recipe_.settings;
  description_.program_version = program_version();
}

NeuralClassifier::Plan NeuralClassifier::plan_for(const Dataset& train,
                                                  const PixelStatistics& statistics) const {
  const PictureShape shape = train.images.shape();
  nn::TrainerOptions trainer = options_.trainer;
  if (options_.class_weights == "balanced") trainer.class_weights = balanced_class_weights(train);
  if (initial_ == nullptr) {
    nn::Graph graph = build_graph(options_, shape, static_cast<int>(train.classes.size()));
    if (trainer.fine_tuning.backbone_lr_scale != 1) {
      trainer.fine_tuning.head_layer = head_of(graph);
    }
    return {std::move(graph), input_scaling(options_.scaling, statistics), std::move(trainer), ""};
  }
  TransferredNetwork transferred = transfer(*initial_, options_.transfer, shape, train.classes);
  transferred.tuning.backbone_lr_scale = trainer.fine_tuning.backbone_lr_scale;
  trainer.fine_tuning = std::move(transferred.tuning);
  return {std::move(transferred.graph), std::move(transferred.scaling), std::move(trainer),
          std::move(transferred.summary)};
}

FitReport NeuralClassifier::fit(const Dataset& train, const FitOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  check_training_data(train, options.validation);
  const PictureShape shape = train.images.shape();
  const PixelStatistics statistics = pixel_statistics(train.images);
  const Plan plan = plan_for(train, statistics);
  const nn::Graph& graph = plan.graph;
  double mean = 0;
  for (const double m : statistics.mean) mean += m / static_cast<double>(statistics.mean.size());
  const Augmentation augmentation(options_.augmentation, shape, plan.options.seed,
                                  static_cast<std::uint8_t>(mean * 255.0 + 0.5));
  const DatasetSource train_source(train, options_.augmentation.any() ? &augmentation : nullptr);
  std::optional<DatasetSource> validation_source;
  if (options.validation != nullptr) validation_source.emplace(*options.validation, nullptr);

  Run run(options, recipe_, train);
  nn::Trainer trainer(graph, plan.scaling, plan.options, train_source,
                      validation_source ? &*validation_source : nullptr);
  run.resume(trainer);
  Progress silent;
  Progress& progress = options.progress != nullptr ? *options.progress : silent;
  progress.message(fmt::format("{}{}training takes {} for parameters, activations and gradients",
                               graph.summary(), plan.summary,
                               format_bytes(trainer.memory_bytes())));
  std::optional<nn::EpochRecord> last;
  FitReport report;
  report.stopped_because = trainer.run(
      progress, {.epoch_done =
                     [&](const nn::EpochRecord& record) {
                       progress.message(to_text(record, plan.options.epochs));
                       run.epoch_done(record);
                       last = record;
                     },
                 .save = [&] { run.save(trainer); },
                 .go_on =
                     [&](const nn::EpochRecord& record) {
                       return !options.epoch_done || options.epoch_done(to_figures(record));
                     }});

  const auto make_network = [&](nn::ParameterValues values) {
    return std::make_unique<nn::InferencePool>(graph, plan.scaling, options_.trainer.precision,
                                               std::move(values));
  };
  network_ = make_network(trainer.result());
  description_.input = shape;
  description_.classes = train.classes;
  description_.trained_on = train.provenance;
  if (run.paths() != nullptr && !trainer.best().empty()) {
    save_network(run.paths()->best(), description_, *make_network(trainer.best()));
  }
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  report.details = {{"epochs", trainer.epochs_done()},
                    {"parameters", graph.parameter_count()},
                    {"precision", nn::to_string(nn::resolve(plan.options.precision))},
                    {"memory_bytes", trainer.memory_bytes()}};
  if (last) report.details["last_epoch"] = to_json(*last);
  if (trainer.best_epoch() > 0) report.details["best_epoch"] = trainer.best_epoch();
  return report;
}

const nn::InferencePool& NeuralClassifier::network() const {
  if (!network_) throw UsageError(fmt::format("model {}: it is not trained yet", recipe_.name));
  return *network_;
}

Probabilities NeuralClassifier::predict_proba(const Images& pictures) const {
  const nn::InferencePool& pool = network();
  if (!pictures.empty() && pictures.shape() != description_.input) {
    throw ShapeError(fmt::format("model {}: got pictures of {}, expected {}", description_.name,
                                 to_string(pictures.shape()), to_string(description_.input)));
  }
  const auto classes = static_cast<std::size_t>(pool.graph().output().size());
  Probabilities probabilities(pictures.size(), classes);
  if (pictures.empty()) return probabilities;

  pool.run(pictures.pixels(), probabilities.values());
  nn::softmax(probabilities.values(), classes);
  return probabilities;
}

void NeuralClassifier::save(const std::filesystem::path& path) const {
  save_network(path, description_, network());
}

NeuralClassifier::NeuralClassifier(const ModelFile& file, const std::string& place)
    : description_(read_description(file, place)) {
  recipe_.name = description_.name;
  recipe_.family = description_.family;
  recipe_.settings = description_.recipe;
  std::optional<nn::Graph> graph;
  nn::InputScaling scaling;
  try {
    options_ = read_neural_options(recipe_);
    const auto network = json::parse(file.metadata.at(kNetworkKey));
    const auto lines = network.at("layers").get<std::vector<std::string>>();
    graph = nn::Graph::parse(input_shape(description_.input), lines);
    scaling.scale = network.at("input_scale").get<std::vector<float>>();
    scaling.shift = network.at("input_shift").get<std::vector<float>>();
  } catch (const json::exception& e) {
    throw DataError(fmt::format("{}: its network cannot be read: {}", place, e.what()));
  } catch (const std::out_of_range&) {
    throw DataError(fmt::format("{}: it has no {} in its metadata", place, kNetworkKey));
  } catch (const UsageError& e) {
    throw DataError(fmt::format("{}: {}", place, e.what()));
  }
  const auto channels = static_cast<std::size_t>(description_.input.channels);
  if (scaling.scale.size() != channels || scaling.shift.size() != channels ||
      graph->output().size() != static_cast<std::int64_t>(description_.classes.size())) {
    throw DataError(
        fmt::format("{}: network and description disagree on channels or classes", place));
  }
  nn::ParameterValues parameters;
  for (const auto& declared : graph->parameters()) {
    const auto tensor = file.tensors.find(declared.name);
    if (tensor == file.tensors.end()) {
      throw DataError(fmt::format("{}: tensor {} is missing", place, declared.name));
    }
    parameters.push_back(to_array(declared.name, tensor->second));
  }
  nn::check_parameters(*graph, parameters, place);
  network_ = std::make_unique<nn::InferencePool>(*std::move(graph), std::move(scaling),
                                                 options_.trainer.precision, std::move(parameters));
}

std::string NeuralClassifier::summary() const {
  std::string text = network_ ? graph().summary() : "not trained yet\n";
  text += fmt::format("precision {}\n", nn::to_string(nn::resolve(options_.trainer.precision)));
  return text;
}

std::unique_ptr<Classifier> make_neural(const Recipe& recipe) {
  return std::make_unique<NeuralClassifier>(recipe);
}

std::unique_ptr<Classifier> load_neural(const ModelFile& file, const std::string& place) {
  return std::make_unique<NeuralClassifier>(file, place);
}

}  // namespace thimble
