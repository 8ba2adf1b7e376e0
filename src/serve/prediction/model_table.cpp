#include "serve/prediction/model_table.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>

#include <fmt/format.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/parallel.hpp"
#include "models/novelty.hpp"
#include "models/registry.hpp"
#include "models/shipped.hpp"

namespace thimble::serve {
namespace {

constexpr std::size_t kVersionDigits = 12;

bool may_stand_in_a_url(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
}

struct NamedPath {
  std::string name;  ///< empty: the description's
  std::string path;
};

/// A path may hold a '=' too: what is in front of it is a name only if it looks like one and there
/// is no such file.
NamedPath parse(const std::string& model) {
  const std::size_t equals = model.find('=');
  std::error_code unknown;
  if (equals == std::string::npos || !may_stand_in_a_url(model.substr(0, equals)) ||
      std::filesystem::exists(model, unknown)) {
    return {"", model};
  }
  return {model.substr(0, equals), model.substr(equals + 1)};
}

/// Some families are slow enough that a few pictures take longer than making anything ready.
void warm_up(const Classifier& classifier) {
  constexpr std::chrono::milliseconds kLongEnough{100};
  const ModelDescription& description = classifier.description();
  const auto start = std::chrono::steady_clock::now();
  for (const std::size_t pictures : {1, 4, 16, 64}) {
    const Images black(description.input, pictures);
    (void)classifier.predict_proba(black);
    if (description.novelty) (void)description.novelty->scores(black);
    if (std::chrono::steady_clock::now() - start > kLongEnough) return;
  }
}

Labels of_model(const std::string& model) { return {{"model", model}}; }

Counter& pictures_counter(Metrics& metrics, const std::string& model, const char* outcome) {
  return metrics.counter("thimble_pictures_total", "Pictures answered.",
                         {{"model", model}, {"outcome", outcome}});
}

}  // namespace

ModelMetrics::ModelMetrics(Metrics& metrics, const std::string& model)
    : ok(pictures_counter(metrics, model, "ok")),
      refused(pictures_counter(metrics, model, "refused")),
      failed(pictures_counter(metrics, model, "failed")),
      unfamiliar(metrics.counter("thimble_unfamiliar_total",
                                 "Pictures that look like none of the classes.", of_model(model))),
      queue_seconds(metrics.histogram("thimble_queue_seconds",
                                      "Time from a request's arrival until a worker takes it.",
                                      latency_bounds(), of_model(model))),
      prepare_seconds(metrics.histogram("thimble_prepare_seconds",
                                        "Time to decode and prepare one picture.", latency_bounds(),
                                        of_model(model))),
      predict_seconds(metrics.histogram("thimble_predict_seconds",
                                        "Time that the model takes for one batch.",
                                        latency_bounds(), of_model(model))) {}

LoadedModel::LoadedModel(std::shared_ptr<const ServedModel> model, Metrics& all)
    : served(std::move(model)), metrics(all, served->name) {
  unfamiliar = {"unfamiliar",
                fmt::format("It looks like none of the {} classes that model {} knows.",
                            description().classes.size(), served->name)};
  synthetic = {
      "synthetic_model",
      fmt::format("Model {} was trained on pictures drawn by Thimble and has seen no photos.",
                  served->name)};
}

std::shared_ptr<const ServedModel> load_served_model(const std::string& model) {
  const NamedPath named = parse(model);
  const std::filesystem::path path = find_model(named.path);
  // Read once, so that the version is that of the bytes in use also while the file is replaced.
  std::string content = read_file(path);
  auto served = std::make_shared<ServedModel>();
  served->path = path.string();
  served->version = sha256_hex(std::as_bytes(std::span(content))).substr(0, kVersionDigits);
  const SerialScope serial;
  served->classifier = parse_classifier(std::move(content), served->path);
  const ModelDescription& description = served->classifier->description();
  served->name = named.name.empty() ? description.name : named.name;
  if (!may_stand_in_a_url(served->name)) {
    throw UsageError(
        fmt::format("model {}: its name '{}' cannot stand in a URL; give it one of "
                    "letters, digits, '-', '_' and '.', as in shoes={}",
                    served->path, served->name, named.path));
  }
  warm_up(*served->classifier);
  return served;
}

ModelTable::ModelTable(const std::vector<std::shared_ptr<const ServedModel>>& models,
                       Metrics& metrics) {
  if (models.empty()) throw UsageError("no model to serve; name one, such as cnn");
  for (const auto& model : models) {
    if (const auto other = find(model->name); other && !models_.empty()) {
      throw UsageError(
          fmt::format("two models are called {}: {} and {}; give one another name with NAME=PATH",
                      model->name, other->served->path, model->path));
    }
    models_.push_back(std::make_shared<LoadedModel>(model, metrics));
  }
}

std::shared_ptr<const LoadedModel> ModelTable::find(std::string_view name) const {
  if (name.empty()) return models_.empty() ? nullptr : models_.front();
  for (const auto& model : models_) {
    if (model->served->name == name) return model;
  }
  return nullptr;
}

void set_model_info(const ModelTable& table, Metrics& metrics, int value) {
  for (const auto& model : table.models()) {
    metrics
        .gauge("thimble_model_info", "The models in use: 1; those that a reload replaced: 0.",
               {{"name", model->served->name},
                {"version", model->served->version},
                {"family", model->description().family}})
        .set(value);
  }
}

}  // namespace thimble::serve
