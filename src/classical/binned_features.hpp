// Features as trees are grown on them: one byte each.
//
// 8-bit features are their own bins. Floats are sorted into at most 256 bins a feature: one for
// each value where there are no more than that, else bins of about equally many samples (a value so
// frequent that it fills a bin has that one to itself). A tree grown on bins is the tree grown on
// the values, but for thresholds that would separate two values of the same bin.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "classical/features.hpp"

namespace thimble::classical {

/// uint8 [n, d], both sample by sample and feature by feature: a node of many samples reads columns
/// from end to end, one of few finds its samples' rows in the cache.
class BinnedFeatures {
 public:
  static constexpr int kBins = 256;

  /// 8-bit features are borrowed: the pictures must outlive this.
  /// @throws DataError  if a value is NaN or infinite; names the sample and the feature
  explicit BinnedFeatures(const Features& features);

  std::size_t size() const { return n_; }
  std::size_t dims() const { return d_; }
  /// True if bins are the features' bytes.
  bool is_bytes() const { return lowest_.empty(); }

  /// uint8 [n, d]
  const std::uint8_t* rows() const { return rows_.data(); }
  /// uint8 [d, n]
  const std::uint8_t* columns() const { return columns_.data(); }

  /// The values of a feature in a bin: what the training samples there have at least and at most.
  float lowest(std::size_t feature, int bin) const { return edge(lowest_, feature, bin); }
  float highest(std::size_t feature, int bin) const { return edge(highest_, feature, bin); }

  /// The t for which "value <= t" separates bins up to `left` from those from `right` on: half way
  /// between; for bytes rounded down, which separates the same bytes.
  float threshold(std::size_t feature, int left, int right) const;

 private:
  float edge(const std::vector<float>& edges, std::size_t feature, int bin) const {
    return edges.empty() ? static_cast<float>(bin)
                         : edges[feature * kBins + static_cast<std::size_t>(bin)];
  }
  void bin_values(const linalg::Matrix& values);

  std::size_t n_ = 0;
  std::size_t d_ = 0;
  std::span<const std::uint8_t> rows_;
  std::vector<std::uint8_t> own_rows_;  ///< of floats
  std::vector<std::uint8_t> columns_;
  std::vector<float> lowest_;   ///< of floats: [d, kBins]
  std::vector<float> highest_;  ///< of floats: [d, kBins]
};

}  // namespace thimble::classical
