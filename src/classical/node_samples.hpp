// The samples of one node of a tree that is being grown, laid out for the split search.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "classical/binned_features.hpp"

namespace thimble::classical {

/// A training sample on its way through a tree.
struct TreeSample {
  std::uint32_t index;   ///< its row in the features
  std::uint16_t label;   ///< its class
  std::uint16_t weight;  ///< how often it was drawn; at least 1
};

/// Samples of a node. Classes are renumbered: only those that occur have a slot, in ascending
/// order, so that histograms get narrower down the tree.
class NodeSamples {
 public:
  /// Lays out `samples`. Memory is kept from call to call.
  /// @param classes  number of classes
  void assign(const BinnedFeatures& features, std::span<const TreeSample> samples,
              std::size_t classes);

  std::size_t size() const { return offsets_.size(); }
  std::int64_t weight() const { return weight_; }  ///< of all samples
  bool weighted() const { return weight_ != static_cast<std::int64_t>(size()); }
  std::size_t slot_count() const { return slot_classes_.size(); }

  /// The bin of sample i in feature j is bins(j)[offsets()[i]].
  const std::uint8_t* bins(std::size_t feature) const { return base_ + feature * feature_stride_; }
  std::span<const std::size_t> offsets() const { return offsets_; }
  std::span<const std::uint16_t> slots() const { return slots_; }
  std::span<const std::uint16_t> weights() const { return weights_; }
  /// Weight of each slot.
  std::span<const std::int64_t> totals() const { return totals_; }
  std::span<const std::uint16_t> slot_classes() const { return slot_classes_; }

 private:
  const std::uint8_t* base_ = nullptr;
  std::size_t feature_stride_ = 0;
  std::vector<std::size_t> offsets_;
  std::vector<std::uint16_t> slots_;
  std::vector<std::uint16_t> weights_;
  std::vector<std::int64_t> totals_;
  std::vector<std::uint16_t> slot_classes_;
  std::vector<std::int64_t> class_weights_;
  std::vector<std::uint16_t> class_slots_;
  std::int64_t weight_ = 0;
};

}  // namespace thimble::classical
