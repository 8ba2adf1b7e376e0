#include "models/boost.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"
#include "models/settings.hpp"
#include "models/stored_array.hpp"

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
  file.tensors[kClasses] = list_tensor(model_.classes);
  file.tensors[kFirstNode] = list_tensor(arrays.first_node);
  file.tensors[kFeature] = list_tensor(arrays.feature);
  file.tensors[kValue] = list_tensor(arrays.value);
  file.tensors[kLeft] = list_tensor(arrays.left);
  file.tensors[kBaseScore] = list_tensor(std::vector<float>{model_.trees.base_score()});
}

void BoostEstimator::load(const ModelFile& file, const std::string& place, std::size_t dims,
                          std::size_t classes) {
  const std::vector<std::int64_t> list = {kAnySize};
  auto present = stored_values<std::int32_t>(file, place, kClasses, list);
  classical::TreeArrays arrays{stored_values<std::int32_t>(file, place, kFirstNode, list),
                               stored_values<std::int32_t>(file, place, kFeature, list),
                               stored_values<float>(file, place, kValue, list),
                               stored_values<std::int32_t>(file, place, kLeft, list)};
  const float base_score = stored_values<float>(file, place, kBaseScore, {1})[0];
  try {
    check_classes(present, classes);
    model_.trees = classical::BoostedTrees(std::move(arrays), present.size(), dims, base_score);
  } catch (const DataError& error) {
    throw DataError(place + ": " + error.what());
  }
  model_.classes = std::move(present);
}

std::string BoostEstimator::summary() const {
  const std::size_t trees = model_.trees.trees();
  const std::size_t rounds = trees / std::max<std::size_t>(model_.classes.size(), 1);
  return fmt::format("boosting    {} rounds of {} trees, one a class; {} leaves in all\n", rounds,
                     model_.classes.size(), model_.trees.leaves());
}

}  // namespace thimble
