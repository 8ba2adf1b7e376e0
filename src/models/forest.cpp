#include "models/forest.hpp"

#include <fmt/format.h>

#include "models/settings.hpp"
#include "models/tree_settings.hpp"

namespace thimble {

ForestEstimator::ForestEstimator(const nlohmann::json& model, std::uint64_t seed,
                                 classical::Splitter splitter)
    : TreesEstimator(seed), splitter_(splitter) {
  Settings table(model, "model");
  read_tree_settings(table, "sqrt", settings_);
  read_count(table, "n_estimators", 1, 100, settings_);
  bool bootstrap = splitter == classical::Splitter::best;
  bool oob_score = false;
  table.read("bootstrap", bootstrap);
  table.read("oob_score", oob_score);
  read_amount(table, "max_samples", "all", {"all"}, settings_);
  table.finish();
  if (!bootstrap && oob_score) {
    table.refuse("oob_score", "needs bootstrap = true; else every tree sees every sample");
  }
  if (!bootstrap && settings_["max_samples"] != "all") {
    table.refuse("max_samples", "needs bootstrap = true; else every tree sees every sample");
  }
  settings_["bootstrap"] = bootstrap;
  settings_["oob_score"] = oob_score;
}

FitReport ForestEstimator::fit(const classical::Samples& train, const classical::Samples*,
                               Progress& progress) {
  classical::ForestOptions options;
  options.tree = tree_options(settings_, train.features.dims());
  options.tree.splitter = splitter_;
  options.n_estimators = settings_.at("n_estimators");
  options.bootstrap = settings_.at("bootstrap");
  options.max_samples = amount_of(settings_.at("max_samples"), train.size());
  options.oob_score = settings_.at("oob_score");
  return finish(classical::grow_forest(train, options, seed_, progress), train.features.is_bytes(),
                fmt::format("all {} trees are grown", options.n_estimators));
}

}  // namespace thimble
