#include "models/tree.hpp"

#include "models/settings.hpp"
#include "models/tree_settings.hpp"

namespace thimble {

TreeEstimator::TreeEstimator(const nlohmann::json& model, std::uint64_t seed)
    : TreesEstimator(seed) {
  Settings table(model, "model");
  read_tree_settings(table, "all", settings_);
  std::string splitter = "best";
  table.read_choice("splitter", splitter, {"best", "random"});
  settings_["splitter"] = splitter;
  table.finish();
}

FitReport TreeEstimator::fit(const classical::Samples& train, const classical::Samples*,
                             Progress& progress) {
  classical::TreeOptions options = tree_options(settings_, train.features.dims());
  if (settings_.at("splitter") == "random") options.splitter = classical::Splitter::random;
  return finish(classical::grow_tree(train, options, seed_, progress), train.features.is_bytes(),
                "the tree is grown");
}

}  // namespace thimble
