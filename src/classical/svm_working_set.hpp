// The part of a support vector machine's dual problem that is being solved.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "classical/svm_smo.hpp"

namespace thimble::classical {

class PairRows;

/// Some samples of a pair problem and the kernel matrix between them.
class WorkingSet {
 public:
  /// @param limit  the most samples it will hold
  WorkingSet(const PairRows& rows, std::size_t limit);

  std::size_t limit() const { return limit_; }
  std::size_t size() const { return members_.size(); }
  std::span<const std::size_t> members() const { return members_; }
  bool contains(std::size_t sample) const { return contains_[sample] != 0; }

  /// Adds samples that it does not contain; there must be room.
  void add(std::span<const std::size_t> samples);
  /// Keeps the members i with keep[i] only, in their order.
  void keep_only(std::span<const char> keep);

  const float* kernel() const { return kernel_.get(); }
  std::size_t stride() const { return stride_; }

 private:
  const PairRows& rows_;
  std::size_t limit_;
  std::size_t stride_;
  std::vector<std::size_t> members_;
  std::vector<char> contains_;
  std::unique_ptr<float[]> kernel_;
};

}  // namespace thimble::classical
