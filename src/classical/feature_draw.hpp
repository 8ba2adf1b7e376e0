// Which features a node looks at.

#pragma once

#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "base/random.hpp"

namespace thimble::classical {

/// Draws features without replacement; the draws depend on the node's key alone.
class FeatureDraw {
 public:
  explicit FeatureDraw(std::size_t dims) : order_(dims) {
    std::iota(order_.begin(), order_.end(), 0u);
  }

  void restart(std::uint64_t node_key) {
    // What was swapped is swapped back, last first: cheaper than to begin a new list.
    while (!swapped_with_.empty()) {
      std::swap(order_[swapped_with_.size() - 1], order_[swapped_with_.back()]);
      swapped_with_.pop_back();
    }
    random_ = Random(node_key);
  }

  bool exhausted() const { return swapped_with_.size() == order_.size(); }

  std::uint32_t next() {
    const std::size_t drawn = swapped_with_.size();
    // The high bits times the range: a bias of less than range / 2^32.
    const std::uint64_t left = order_.size() - drawn;
    const std::size_t chosen =
        drawn + static_cast<std::size_t>((random_.bits() >> 32) * left >> 32);
    std::swap(order_[drawn], order_[chosen]);
    swapped_with_.push_back(chosen);
    return order_[drawn];
  }

 private:
  std::vector<std::uint32_t> order_;  ///< those drawn come first
  std::vector<std::size_t> swapped_with_;
  Random random_{0};
};

}  // namespace thimble::classical
