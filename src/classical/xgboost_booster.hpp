// The door to XGBoost: the one file behind it knows the library's C interface.
//
// XGBoost 1.7, https://xgboost.readthedocs.io/en/release_1.7.0/c.html. The library's messages are
// kept from the terminal.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "classical/boosted_trees.hpp"
#include "classical/features.hpp"

namespace thimble::classical {

/// Samples in one of XGBoost's forms.
class XgboostMatrix {
 public:
  /// The features as indices of histogram bins, a byte or two each: for training. XGBoost's plain
  /// matrix takes eight bytes a feature.
  /// @throws DataError  if XGBoost refuses them
  static XgboostMatrix binned(const Features& features, int max_bin);
  /// The features as they are: for samples that only validate.
  /// @throws DataError  if XGBoost refuses them
  static XgboostMatrix plain(const Features& features);

  void* handle() const { return handle_.get(); }

 private:
  explicit XgboostMatrix(void* handle);
  std::shared_ptr<void> handle_;
};

/// A model of XGBoost's while it learns.
class XgboostBooster {
 public:
  using Parameters = std::vector<std::pair<std::string, std::string>>;

  /// @param matrices    those that will be asked about; their margins are kept from round to round
  /// @throws UsageError  if XGBoost refuses a parameter
  XgboostBooster(const Parameters& parameters, const std::vector<XgboostMatrix>& matrices);

  /// The sums of all trees so far, float32 [n, outputs]; valid until the next call.
  std::span<const float> margins(const XgboostMatrix& matrix) const;

  /// Adds a tree for each output.
  /// @param gradient  first derivatives of the loss by the margins, float32 [n, outputs]
  /// @param hessian   second derivatives, the same
  void boost(const XgboostMatrix& train, std::span<float> gradient, std::span<float> hessian);

  /// The trees of the first `rounds` rounds, thresholds multiplied by `scale`.
  TreeArrays trees(int rounds, float scale) const;

 private:
  std::shared_ptr<void> handle_;
  std::vector<XgboostMatrix> matrices_;
};

}  // namespace thimble::classical
