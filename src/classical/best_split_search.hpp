// The best threshold of each feature, exactly and without sorting: class histograms over the bins
// that occur.

#pragma once

#include "classical/split_search.hpp"

namespace thimble::classical {

class BestSplitSearch : public SplitSearch {
 public:
  BestSplitSearch(std::size_t min_samples_leaf, const EntropyTable* entropy);

  void search(const NodeSamples& node, std::uint64_t node_key,
              std::span<const std::uint32_t> features, std::uint8_t* constant,
              Split& best) override;

 private:
  /// Several features are counted at once: increments of one histogram often wait for the one
  /// before (a background pixel has the same value in every sample).
  static constexpr std::size_t kTogether = 4;

  /// Sums over the samples up to a threshold, for the gini score.
  template <class Integer>
  struct GiniSums {
    Integer squares;  ///< sum over classes of weight^2
    Integer cross;    ///< sum over classes of weight times the node's
    Integer weight;
    Integer unused;
  };

  struct Query {
    const NodeSamples& node;
    std::uint64_t node_key;
    std::int64_t squares;  ///< sum over classes of the node's weights, squared
    Split& best;
  };

  template <class Count, int kStride>
  void search_as(const Query& query, std::span<const std::uint32_t> features,
                 std::uint8_t* constant);
  template <class Count, int kStride, std::size_t kFeatures>
  void count(const NodeSamples& node, const std::uint32_t* features);
  template <class Count, int kStride>
  bool scan(const Query& query, std::uint32_t feature, std::size_t histogram);
  template <class Count, int kStride>
  void scan_entropy(const Query& query, std::uint32_t feature, Count* histogram,
                    std::size_t occupied);
  template <class Integer>
  void choose(const Query& query, std::uint32_t feature, const GiniSums<Integer>* sums,
              std::size_t occupied);
  void offer(const Query& query, std::uint32_t feature, std::size_t at, const SplitScore& score);
  std::size_t list_occupied(std::size_t histogram);
  bool leaves_are_large_enough(const Query& query, std::uint32_t feature, int left_bin) const;
  template <class Count>
  std::vector<Count>& counts();

  std::size_t min_samples_leaf_;
  const EntropyTable* entropy_;
  std::vector<std::int16_t> narrow_;  ///< [kTogether, bins, stride], zero between searches
  std::vector<std::uint32_t> wide_;
  /// 255 where a bin has a sample; zero between searches.
  alignas(64) std::array<std::array<std::uint8_t, BinnedFeatures::kBins>, kTogether> present_{};
  std::array<std::uint8_t, BinnedFeatures::kBins> occupied_;
  std::array<GiniSums<std::int32_t>, BinnedFeatures::kBins> narrow_sums_;
  std::array<GiniSums<std::int64_t>, BinnedFeatures::kBins> wide_sums_;
  std::vector<std::int64_t> left_;
  std::vector<std::int64_t> right_;
};

}  // namespace thimble::classical
