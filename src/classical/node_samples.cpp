#include "classical/node_samples.hpp"

namespace thimble::classical {
namespace {

/// Nodes of fewer samples read rows, which then stay in the cache down to the leaves; others read
/// columns.
constexpr std::size_t kReadColumnsFrom = 2048;

}  // namespace

void NodeSamples::assign(const BinnedFeatures& features, std::span<const TreeSample> samples,
                         std::size_t classes) {
  class_weights_.assign(classes, 0);
  class_slots_.resize(classes);
  weight_ = 0;
  for (const TreeSample& sample : samples) {
    class_weights_[sample.label] += sample.weight;
    weight_ += sample.weight;
  }
  totals_.clear();
  slot_classes_.clear();
  for (std::size_t c = 0; c < classes; ++c) {
    if (class_weights_[c] == 0) continue;
    class_slots_[c] = static_cast<std::uint16_t>(totals_.size());
    slot_classes_.push_back(static_cast<std::uint16_t>(c));
    totals_.push_back(class_weights_[c]);
  }

  const bool by_columns = samples.size() >= kReadColumnsFrom;
  base_ = by_columns ? features.columns() : features.rows();
  feature_stride_ = by_columns ? features.size() : 1;
  const std::size_t sample_stride = by_columns ? 1 : features.dims();
  offsets_.resize(samples.size());
  slots_.resize(samples.size());
  weights_.resize(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    offsets_[i] = samples[i].index * sample_stride;
    slots_[i] = class_slots_[samples[i].label];
    weights_[i] = samples[i].weight;
  }
}

}  // namespace thimble::classical
