#include "models/boost.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"
#include "models/settings.hpp"

namespace thimble {
namespace {

using nlohmann::json;

/// Calls visit(key, member) for every setting: one list serves reading and writing.
template <class Options, class Visit>
void visit_options(Options& o, const Visit& visit) {
  visit("n_estimators", o.n_estimators);
  visit("learning_rate", o.learning_rate);
  visit("max_depth", o.max_depth);
  visit("max_leaves", o.max_leaves);
  visit("min_child_weight", o.min_child_weight);
  visit("subsample", o.subsample);
  visit("colsample_bytree", o.colsample_bytree);
  visit("colsample_bylevel", o.colsample_bylevel);
  visit("colsample_bynode", o.colsample_bynode);
  visit("reg_lambda", o.reg_lambda);
  visit("reg_alpha", o.reg_alpha);
  visit("gamma", o.gamma);
  visit("max_bin", o.max_bin);
  visit("grow_policy", o.grow_policy);
  visit("early_stopping_rounds", o.early_stopping_rounds);
}

constexpr const char* kClasses = "boost.classes";
constexpr const char* kFirstNode = "boost.first_node";
constexpr const char* kFeature = "boost.feature";
constexpr const char* kValue = "boost.value";
constexpr const char* kLeft = "boost.left";
constexpr const char* kBaseScore = "boost.base_score";

template <class T>
Tensor list(const std::vector<T>& values) {
  return Tensor::from(std::span<const T>(values), {static_cast<std::int64_t>(values.size())});
}

template <class T>
std::vector<T> read_list(const ModelFile& file, const char* name) {
  const auto found = file.tensors.find(name);
  if (found == file.tensors.end()) throw DataError(fmt::format("no tensor '{}'", name));
  if (found->second.shape.size() != 1) {
    throw DataError(fmt::format("tensor '{}' is not a plain list", name));
  }
  const std::span<const T> values = found->second.as<T>();
  return {values.begin(), values.end()};
}

/// @throws DataError  unless they ascend within [0, classes)
void check_classes(const std::vector<std::int32_t>& present, std::size_t classes) {
  std::int64_t last = -1;
  for (const std::int32_t c : present) {
    if (c <= last || c >= static_cast<std::int64_t>(classes)) {
      throw DataError(
          fmt::format("tensor '{}' names class {} of {} after {}", kClasses, c, classes, last));
    }
    last = c;
  }
}

}  // namespace

BoostEstimator::BoostEstimator(const json& model, std::uint64_t seed) {
  Settings table(model, "model");
  visit_options(options_, [&](const char* key, auto& member) { table.read(key, member); });
  table.finish();
  options_.seed = seed;
  try {
    classical::check_options(options_);
  } catch (const UsageError& error) {
    throw UsageError(std::string("model.") + error.what());
  }
}

json BoostEstimator::settings() const {
  json table = json::object();
  visit_options(options_, [&](const char* key, const auto& member) { table[key] = member; });
  return table;
}

FitReport BoostEstimator::fit(const classical::Samples& train, const classical::Samples* validation,
                              Progress& progress) {
  classical::BoostingReport boosting;
  model_ = classical::fit_boosting(train, validation, options_, progress, &boosting);
  FitReport report;
  report.stopped_because =
      boosting.stopped_early
          ? fmt::format("validation loss no better for {} rounds", options_.early_stopping_rounds)
      : boosting.rounds == 0 ? "only one class has samples"
                             : fmt::format("all {} rounds done", boosting.rounds);
  report.details = {{"rounds", boosting.rounds},
                    {"trees", model_.trees.trees()},
                    {"leaves", model_.trees.leaves()}};
  if (boosting.rounds > 0) {
    report.details["best_iteration"] = boosting.best_iteration;
    report.details["training_loss"] = boosting.training_loss;
  }
  if (boosting.validation_loss) {
    report.details["validation_loss"] = *boosting.validation_loss;
    report.details["validation_error"] = *boosting.validation_error;
  }
  return report;
}

void BoostEstimator::predict_proba(const classical::Features& features, Probabilities& out) const {
  classical::predict_proba(model_, features, out.classes(), out.values());
}

void BoostEstimator::save(ModelFile& file) const {
  const classical::TreeArrays& arrays = model_.trees.arrays();
  file.tensors[kClasses] = list(model_.classes);
  file.tensors[kFirstNode] = list(arrays.first_node);
  file.tensors[kFeature] = list(arrays.feature);
  file.tensors[kValue] = list(arrays.value);
  file.tensors[kLeft] = list(arrays.left);
  file.tensors[kBaseScore] = list(std::vector<float>{model_.trees.base_score()});
}

void BoostEstimator::load(const ModelFile& file, const std::string& place, std::size_t dims,
                          std::size_t classes) {
  try {
    auto present = read_list<std::int32_t>(file, kClasses);
    check_classes(present, classes);
    const auto base_score = read_list<float>(file, kBaseScore);
    if (base_score.size() != 1) {
      throw DataError(
          fmt::format("tensor '{}' holds {} numbers, expected 1", kBaseScore, base_score.size()));
    }
    classical::TreeArrays arrays{
        read_list<std::int32_t>(file, kFirstNode), read_list<std::int32_t>(file, kFeature),
        read_list<float>(file, kValue), read_list<std::int32_t>(file, kLeft)};
    model_.trees =
        classical::BoostedTrees(std::move(arrays), present.size(), dims, base_score.front());
    model_.classes = std::move(present);
  } catch (const DataError& error) {
    throw DataError(place + ": " + error.what());
  }
}

std::string BoostEstimator::summary() const {
  const std::size_t trees = model_.trees.trees();
  const std::size_t rounds = trees / std::max<std::size_t>(model_.classes.size(), 1);
  return fmt::format("boosting    {} rounds of {} trees, one a class; {} leaves in all\n", rounds,
                     model_.classes.size(), model_.trees.leaves());
}

}  // namespace thimble
