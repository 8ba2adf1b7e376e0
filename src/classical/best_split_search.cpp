#include "classical/best_split_search.hpp"

#include <algorithm>
#include <type_traits>

#include "classical/histogram_scan.hpp"

namespace thimble::classical {
namespace {

/// Scores this much below the best, relatively, are not worth an exact comparison.
constexpr double kSlack = 1e-9;
constexpr std::size_t kWidestNarrow = 64;
/// Any number of slots, known at run time.
constexpr int kAnyStride = 0;

template <int kStride>
std::size_t stride_of(const NodeSamples& node) {
  return kStride == kAnyStride ? node.slot_count() : static_cast<std::size_t>(kStride);
}

}  // namespace

BestSplitSearch::BestSplitSearch(std::size_t min_samples_leaf, const EntropyTable* entropy)
    : min_samples_leaf_(min_samples_leaf), entropy_(entropy) {}

void BestSplitSearch::search(const NodeSamples& node, std::uint64_t node_key,
                             std::span<const std::uint32_t> features, std::uint8_t* constant,
                             Split& best) {
  std::int64_t squares = 0;
  for (const std::int64_t total : node.totals()) squares += total * total;
  const Query query{node, node_key, squares, best};
  const std::size_t slots = node.slot_count();
  if (node.weight() > kNarrowWeight || slots > kWidestNarrow) {
    search_as<std::uint32_t, kAnyStride>(query, features, constant);
  } else if (slots <= 4) {
    search_as<std::int16_t, 4>(query, features, constant);
  } else if (slots <= 8) {
    search_as<std::int16_t, 8>(query, features, constant);
  } else if (slots <= 16) {
    search_as<std::int16_t, 16>(query, features, constant);
  } else if (slots <= 32) {
    search_as<std::int16_t, 32>(query, features, constant);
  } else {
    search_as<std::int16_t, 64>(query, features, constant);
  }
}

template <>
std::vector<std::int16_t>& BestSplitSearch::counts() {
  return narrow_;
}
template <>
std::vector<std::uint32_t>& BestSplitSearch::counts() {
  return wide_;
}

template <class Count, int kStride>
void BestSplitSearch::search_as(const Query& query, std::span<const std::uint32_t> features,
                                std::uint8_t* constant) {
  const std::size_t needed = kTogether * BinnedFeatures::kBins * stride_of<kStride>(query.node);
  if (counts<Count>().size() < needed) counts<Count>().resize(needed);
  std::size_t done = 0;
  for (; done + kTogether <= features.size(); done += kTogether) {
    count<Count, kStride, kTogether>(query.node, &features[done]);
    for (std::size_t f = 0; f < kTogether; ++f) {
      constant[done + f] = !scan<Count, kStride>(query, features[done + f], f);
    }
  }
  for (; done < features.size(); ++done) {
    count<Count, kStride, 1>(query.node, &features[done]);
    constant[done] = !scan<Count, kStride>(query, features[done], 0);
  }
}

template <class Count, int kStride, std::size_t kFeatures>
void BestSplitSearch::count(const NodeSamples& node, const std::uint32_t* features) {
  const std::size_t stride = stride_of<kStride>(node);
  const std::uint8_t* bins[kFeatures];
  Count* histograms[kFeatures];
  std::uint8_t* marks[kFeatures];
  for (std::size_t f = 0; f < kFeatures; ++f) {
    bins[f] = node.bins(features[f]);
    histograms[f] = counts<Count>().data() + f * BinnedFeatures::kBins * stride;
    marks[f] = present_[f].data();
  }
  const std::size_t n = node.size();
  const std::size_t* offsets = node.offsets().data();
  const std::uint16_t* slots = node.slots().data();
  const std::uint16_t* weights = node.weights().data();
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t offset = offsets[i];
    const std::size_t slot = slots[i];
    const std::uint16_t weight = weights[i];
    for (std::size_t f = 0; f < kFeatures; ++f) {
      const std::size_t bin = bins[f][offset];
      marks[f][bin] = 255;
      Count& cell = histograms[f][bin * stride + slot];
      cell = static_cast<Count>(cell + weight);
    }
  }
}

/// @return  false if all samples are in one bin
template <class Count, int kStride>
bool BestSplitSearch::scan(const Query& query, std::uint32_t feature, std::size_t histogram) {
  const std::size_t stride = stride_of<kStride>(query.node);
  Count* cells = counts<Count>().data() + histogram * BinnedFeatures::kBins * stride;
  const std::size_t occupied =
      take_marks<BinnedFeatures::kBins>(present_[histogram].data(), occupied_.data());
  if (occupied == 1) {
    std::fill_n(cells + occupied_[0] * stride, stride, Count{0});
    return false;
  }
  const std::span<const std::int64_t> totals = query.node.totals();
  if (entropy_ != nullptr) {
    scan_entropy<Count, kStride>(query, feature, cells, occupied);
  } else if constexpr (std::is_same_v<Count, std::int16_t>) {
    std::int16_t narrow_totals[kStride] = {};
    std::transform(totals.begin(), totals.end(), narrow_totals,
                   [](std::int64_t total) { return static_cast<std::int16_t>(total); });
    scan_gini<kStride>(cells, occupied_.data(), occupied, narrow_totals, &narrow_sums_[0].squares);
    choose(query, feature, narrow_sums_.data(), occupied);
  } else {
    left_.assign(stride, 0);
    GiniSums<std::int64_t> sums{};
    for (std::size_t at = 0; at < occupied; ++at) {
      Count* row = cells + occupied_[at] * stride;
      for (std::size_t c = 0; c < stride; ++c) {
        const auto added = static_cast<std::int64_t>(row[c]);
        sums.squares += added * (2 * left_[c] + added);
        sums.cross += added * totals[c];
        sums.weight += added;
        left_[c] += added;
        row[c] = 0;
      }
      wide_sums_[at] = sums;
    }
    choose(query, feature, wide_sums_.data(), occupied);
  }
  return true;
}

template <class Integer>
void BestSplitSearch::choose(const Query& query, std::uint32_t feature,
                             const GiniSums<Integer>* sums, std::size_t occupied) {
  const std::int64_t weight = query.node.weight();
  const auto bound_of = [](const Split& split) {
    return split.found() ? split.score.value * (1 - kSlack) : -1.0;
  };
  double bound = bound_of(query.best);
  for (std::size_t at = 0; at + 1 < occupied; ++at) {
    const std::int64_t left = sums[at].weight;
    const std::int64_t right = weight - left;
    const std::int64_t left_squares = sums[at].squares;
    // sum (total - left)^2
    const std::int64_t right_squares =
        query.squares - 2 * std::int64_t{sums[at].cross} + left_squares;
    const double numerator = static_cast<double>(left_squares) * static_cast<double>(right) +
                             static_cast<double>(right_squares) * static_cast<double>(left);
    if (numerator < bound * (static_cast<double>(left) * static_cast<double>(right))) continue;
    offer(query, feature, at, gini_score(left, left_squares, right, right_squares));
    bound = bound_of(query.best);
  }
}

template <class Count, int kStride>
void BestSplitSearch::scan_entropy(const Query& query, std::uint32_t feature, Count* histogram,
                                   std::size_t occupied) {
  const std::size_t stride = stride_of<kStride>(query.node);
  const std::span<const std::int64_t> totals = query.node.totals();
  left_.assign(totals.size(), 0);
  right_.assign(totals.begin(), totals.end());
  for (std::size_t at = 0; at < occupied; ++at) {
    Count* row = histogram + occupied_[at] * stride;
    for (std::size_t c = 0; c < totals.size(); ++c) {
      left_[c] += static_cast<std::int64_t>(row[c]);
      right_[c] -= static_cast<std::int64_t>(row[c]);
      row[c] = 0;
    }
    if (at + 1 < occupied) offer(query, feature, at, split_score(left_, right_, entropy_));
  }
}

/// Takes the split after the occupied bin `at` if it is the best so far and allowed.
void BestSplitSearch::offer(const Query& query, std::uint32_t feature, std::size_t at,
                            const SplitScore& score) {
  Split& best = query.best;
  if (best.found() && compare(score, best.score) < 0) return;
  const Split split{score, feature, occupied_[at], occupied_[at + 1],
                    split_priority(query.node_key, feature)};
  if (!is_better(split, best) || !leaves_are_large_enough(query, feature, split.left_bin)) return;
  best = split;
}

/// Counts anew, for splits that would win only: weights and numbers of samples differ.
bool BestSplitSearch::leaves_are_large_enough(const Query& query, std::uint32_t feature,
                                              int left_bin) const {
  if (min_samples_leaf_ <= 1) return true;
  const std::uint8_t* bins = query.node.bins(feature);
  std::size_t left = 0;
  for (const std::size_t offset : query.node.offsets()) left += bins[offset] <= left_bin;
  return left >= min_samples_leaf_ && query.node.size() - left >= min_samples_leaf_;
}

}  // namespace thimble::classical
