// What the families of trees share: prediction, model files, summaries.
//
// Tensors, for N nodes of T trees over d features:
//
//     trees.feature        i32 [N]           the feature a node asks for
//     trees.threshold      u8 or f32 [N]     values up to it go left; u8 on 8-bit features
//     trees.left           i32 [N]           the node after that, always a later one; or, if
//     trees.right          i32 [N]           negative, -1 - row of a leaf
//     trees.root           i32 [T]           each tree's first node, or leaf
//     trees.distribution   f32 [rows, classes]  class probabilities of leaves: row r of this is row
//                                            classes + r of a leaf; rows below `classes` stand for
//                                            certainty of that class
//     trees.importance     f64 [d]           each feature's; they sum to 1
//     trees.oob_score      f64 [1]           where it was asked for

#pragma once

#include <cstdint>
#include <string>

#include "classical/forest.hpp"
#include "models/classical.hpp"

namespace thimble {

/// An estimator whose prediction is the mean over one or more trees. Families add settings and
/// fit().
class TreesEstimator : public Estimator {
 public:
  void predict_proba(const classical::Features& features, Probabilities& out) const override;
  nlohmann::json settings() const override { return settings_; }
  void save(ModelFile& file) const override;
  /// Checks everything, so that no walk can leave the trees or go on for ever.
  void load(const ModelFile& file, const std::string& place, std::size_t dims,
            std::size_t classes) override;
  std::string to_onnx(onnx::ModelBuilder& builder, OnnxFeatures& features,
                      std::size_t classes) const override;
  std::string summary() const override;

 protected:
  explicit TreesEstimator(std::uint64_t seed) : seed_(seed) {}

  /// Keeps what was grown.
  FitReport finish(classical::Forest forest, bool bytes, std::string stopped_because);

  nlohmann::json settings_ = nlohmann::json::object();
  std::uint64_t seed_;

 private:
  classical::Forest forest_;
  bool bytes_ = false;  ///< thresholds are bytes
};

}  // namespace thimble
