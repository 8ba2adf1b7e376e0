// Trees as ONNX's TreeEnsembleRegressor, which adds up what the leaves hold.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "onnx/model_builder.hpp"

namespace thimble {

/// Gathers trees node by node.
class TreeEnsemble {
 public:
  /// What takes a sample to the first of two children.
  enum class Mode { less_or_equal, less };

  TreeEnsemble(Mode mode, std::size_t outputs) : mode_(mode), outputs_(outputs) {}

  void begin_tree() {
    ++tree_;
    size_ = 0;
  }
  /// Nodes of a tree are numbered from 0, the root, in the order in which they come.
  void branch(std::size_t feature, float threshold, std::int64_t yes, std::int64_t no);
  void leaf() { add("LEAF", 0, 0, 0, 0); }
  /// What the last leaf adds to an output.
  void value(std::size_t output, float amount);

  /// @param samples  float32 [batch, d]
  /// @param base     what every output begins with
  /// @return         float32 [batch, outputs]
  std::string add_to(onnx::ModelBuilder& builder, const std::string& samples, float base) const;

 private:
  void add(const char* mode, std::int64_t feature, float threshold, std::int64_t yes,
           std::int64_t no);

  Mode mode_;
  std::size_t outputs_;
  std::int64_t tree_ = -1;
  std::int64_t size_ = 0;
  std::vector<std::int64_t> trees_, nodes_, features_, yes_, no_;
  std::vector<float> thresholds_;
  std::vector<std::string> modes_;
  std::vector<std::int64_t> leaf_trees_, leaf_nodes_, leaf_outputs_;
  std::vector<float> leaf_values_;
};

}  // namespace thimble
