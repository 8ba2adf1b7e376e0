#include "classical/random_split_search.hpp"

#include <algorithm>

#include "base/simd.hpp"

namespace thimble::classical {
namespace {

struct Range {
  std::uint8_t least;
  std::uint8_t greatest;
};

THIMBLE_SIMD_CLONES
Range range_of(const std::uint8_t* bins, std::size_t n) {
  std::uint8_t least = 255;
  std::uint8_t greatest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    least = std::min(least, bins[i]);
    greatest = std::max(greatest, bins[i]);
  }
  return {least, greatest};
}

/// The weights of the samples up to a bin, 0 for the others.
/// @return  how many samples that are
THIMBLE_SIMD_CLONES
std::size_t take_left(const std::uint8_t* bins, const std::uint16_t* weights, std::size_t n,
                      std::uint16_t left_bin, std::uint16_t* __restrict left) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    // All ones or nothing: a loop without branches, which the compiler can vectorise.
    const auto mask = static_cast<std::uint16_t>(-(bins[i] <= left_bin));
    left[i] = weights[i] & mask;
    count += mask & 1u;
  }
  return count;
}

}  // namespace

RandomSplitSearch::RandomSplitSearch(std::size_t min_samples_leaf, const BinnedFeatures& features,
                                     const EntropyTable* entropy)
    : min_samples_leaf_(min_samples_leaf), features_(features), entropy_(entropy) {}

int random_bin(const BinnedFeatures& features, std::size_t feature, int least, int greatest,
               double uniform) {
  if (features.is_bytes()) return least + static_cast<int>(uniform * (greatest - least));
  const double low = features.lowest(feature, least);
  const double high = features.highest(feature, greatest);
  const double threshold = low + (high - low) * uniform;
  int bin = least;
  while (bin + 1 < greatest && features.lowest(feature, bin + 1) <= threshold) ++bin;
  return bin;
}

void RandomSplitSearch::search(const NodeSamples& node, std::uint64_t node_key,
                               std::span<const std::uint32_t> features, std::uint8_t* constant,
                               Split& best) {
  const std::size_t n = node.size();
  const std::size_t* offsets = node.offsets().data();
  bins_.resize(n);
  std::uint8_t* own_bins = bins_.data();
  for (std::size_t f = 0; f < features.size(); ++f) {
    const std::uint8_t* bins = node.bins(features[f]);
    for (std::size_t i = 0; i < n; ++i) own_bins[i] = bins[offsets[i]];
    const Range range = range_of(own_bins, n);
    constant[f] = range.least == range.greatest;
    if (constant[f]) continue;
    const std::uint64_t bits = mix64(split_priority(node_key, features[f]));
    const double uniform = static_cast<double>(bits >> 11) * 0x1.0p-53;
    offer(node, node_key, features[f],
          random_bin(features_, features[f], range.least, range.greatest, uniform), best);
  }
}

void RandomSplitSearch::offer(const NodeSamples& node, std::uint64_t node_key,
                              std::uint32_t feature, int left_bin, Split& best) {
  const std::size_t n = node.size();
  left_weights_.resize(n);
  const std::size_t left_samples =
      take_left(bins_.data(), node.weights().data(), n, static_cast<std::uint16_t>(left_bin),
                left_weights_.data());
  if (left_samples < min_samples_leaf_ || n - left_samples < min_samples_leaf_) return;
  // Several counters a class, as neighbours of one class would wait for each other.
  constexpr std::size_t kCounters = 4;
  const std::size_t slots = node.slot_count();
  counters_.assign(kCounters * slots, 0);
  std::uint32_t* counters = counters_.data();
  const std::uint16_t* slot = node.slots().data();
  for (std::size_t i = 0; i < n; ++i)
    counters[slot[i] * kCounters + i % kCounters] += left_weights_[i];
  left_.assign(slots, 0);
  right_.assign(node.totals().begin(), node.totals().end());
  for (std::size_t c = 0; c < slots; ++c) {
    for (std::size_t i = 0; i < kCounters; ++i) left_[c] += counters[c * kCounters + i];
    right_[c] -= left_[c];
  }
  const int right_bin = left_bin + 1;
  const Split split{split_score(left_, right_, entropy_), feature, left_bin, right_bin,
                    split_priority(node_key, feature)};
  if (is_better(split, best)) best = split;
}

}  // namespace thimble::classical
