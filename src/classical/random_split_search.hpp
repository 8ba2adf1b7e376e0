// One random threshold a feature, as extremely randomised trees have it.

#pragma once

#include "classical/split_search.hpp"

namespace thimble::classical {

class RandomSplitSearch : public SplitSearch {
 public:
  RandomSplitSearch(std::size_t min_samples_leaf, const BinnedFeatures& features,
                    const EntropyTable* entropy);

  void search(const NodeSamples& node, std::uint64_t node_key,
              std::span<const std::uint32_t> features, std::uint8_t* constant,
              Split& best) override;

 private:
  void offer(const NodeSamples& node, std::uint64_t node_key, std::uint32_t feature, int left_bin,
             Split& best);

  std::size_t min_samples_leaf_;
  const BinnedFeatures& features_;
  const EntropyTable* entropy_;
  std::vector<std::uint8_t> bins_;  ///< of the node's samples in one feature
  std::vector<std::uint16_t> left_weights_;
  std::vector<std::uint32_t> counters_;
  std::vector<std::int64_t> left_;
  std::vector<std::int64_t> right_;
};

/// The last bin left of a threshold drawn uniformly between the least value in bin `least` and the
/// greatest in bin `greatest`; in [least, greatest).
int random_bin(const BinnedFeatures& features, std::size_t feature, int least, int greatest,
               double uniform);

}  // namespace thimble::classical
