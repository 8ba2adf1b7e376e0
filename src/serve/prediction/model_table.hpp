// The models that a service uses at one time, with all that answering with them takes.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "serve/metrics.hpp"
#include "serve/service.hpp"

namespace thimble::serve {

/// The figures of one model. They outlive it: the next version of the model counts on.
struct ModelMetrics {
  ModelMetrics(Metrics& metrics, const std::string& model);

  Counter& ok;
  Counter& refused;
  Counter& failed;
  Counter& unfamiliar;
  Histogram& queue_seconds;
  Histogram& prepare_seconds;
  Histogram& predict_seconds;
};

/// A model, its figures, and the sentences said about its answers.
struct LoadedModel {
  LoadedModel(std::shared_ptr<const ServedModel> model, Metrics& metrics);

  const Classifier& classifier() const { return *served->classifier; }
  const ModelDescription& description() const { return served->classifier->description(); }

  std::shared_ptr<const ServedModel> served;
  ModelMetrics metrics;
  Notice unfamiliar;
  Notice synthetic;
};

/// Loads a model from "NAME=PATH" or "PATH", and has it predict batches of several sizes, so that
/// the first request is answered as fast as the others.
/// @throws UsageError, FileError, DataError  as load_classifier(); UsageError if the name cannot
///                                           stand in a URL
std::shared_ptr<const ServedModel> load_served_model(const std::string& model);

/// Never changed once it is built: a reload makes another one.
class ModelTable {
 public:
  /// @throws UsageError  if there are no models, or two have one name
  ModelTable(const std::vector<std::shared_ptr<const ServedModel>>& models, Metrics& metrics);

  /// Null if there is none of that name; empty name: the first.
  std::shared_ptr<const LoadedModel> find(std::string_view name) const;
  const std::vector<std::shared_ptr<const LoadedModel>>& models() const { return models_; }

 private:
  std::vector<std::shared_ptr<const LoadedModel>> models_;
};

/// Sets thimble_model_info to 1 for each of the table's models (1), or to 0 (0).
void set_model_info(const ModelTable& table, Metrics& metrics, int value);

}  // namespace thimble::serve
