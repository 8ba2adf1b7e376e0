#include "models/onnx/tree_ensemble.hpp"

namespace thimble {

void TreeEnsemble::branch(std::size_t feature, float threshold, std::int64_t yes, std::int64_t no) {
  add(mode_ == Mode::less ? "BRANCH_LT" : "BRANCH_LEQ", static_cast<std::int64_t>(feature),
      threshold, yes, no);
}

void TreeEnsemble::add(const char* mode, std::int64_t feature, float threshold, std::int64_t yes,
                       std::int64_t no) {
  trees_.push_back(tree_);
  nodes_.push_back(size_++);
  features_.push_back(feature);
  thresholds_.push_back(threshold);
  modes_.emplace_back(mode);
  yes_.push_back(yes);
  no_.push_back(no);
}

void TreeEnsemble::value(std::size_t output, float amount) {
  leaf_trees_.push_back(tree_);
  leaf_nodes_.push_back(size_ - 1);
  leaf_outputs_.push_back(static_cast<std::int64_t>(output));
  leaf_values_.push_back(amount);
}

std::string TreeEnsemble::add_to(onnx::ModelBuilder& builder, const std::string& samples,
                                 float base) const {
  onnx::Attributes attributes{{"n_targets", static_cast<std::int64_t>(outputs_)},
                              {"aggregate_function", "SUM"},
                              {"post_transform", "NONE"},
                              {"nodes_treeids", trees_},
                              {"nodes_nodeids", nodes_},
                              {"nodes_featureids", features_},
                              {"nodes_values", thresholds_},
                              {"nodes_modes", modes_},
                              {"nodes_truenodeids", yes_},
                              {"nodes_falsenodeids", no_},
                              {"target_treeids", leaf_trees_},
                              {"target_nodeids", leaf_nodes_},
                              {"target_ids", leaf_outputs_},
                              {"target_weights", leaf_values_}};
  if (base != 0) attributes["base_values"] = std::vector<float>(outputs_, base);
  return builder.ml_node("TreeEnsembleRegressor", {samples}, std::move(attributes), 1).front();
}

}  // namespace thimble
