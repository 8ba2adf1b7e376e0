// Who is taken for whom.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace thimble {

/// Counts of (true class, predicted class) pairs.
class ConfusionMatrix {
 public:
  ConfusionMatrix() = default;
  explicit ConfusionMatrix(std::size_t classes) : classes_(classes), counts_(classes * classes) {}

  void add(std::size_t truth, std::size_t predicted, std::uint64_t samples = 1) {
    counts_[truth * classes_ + predicted] += samples;
  }

  std::size_t classes() const { return classes_; }
  /// Samples of class `truth` that were predicted as `predicted`.
  std::uint64_t count(std::size_t truth, std::size_t predicted) const {
    return counts_[truth * classes_ + predicted];
  }
  /// Samples of class `truth`.
  std::uint64_t support(std::size_t truth) const;
  /// Samples predicted as `predicted`.
  std::uint64_t predictions(std::size_t predicted) const;
  /// Samples on the diagonal.
  std::uint64_t correct() const;
  std::uint64_t total() const;

  /// Two classes that are taken for each other.
  struct Pair {
    std::size_t first = 0;  ///< the lower class index
    std::size_t second = 0;
    std::uint64_t count = 0;  ///< mistakes in both directions
    bool operator==(const Pair&) const = default;
  };
  /// Pairs with the most mistakes between them, most first (ties: lower indices first), at most
  /// `limit`, none without a mistake.
  std::vector<Pair> most_confused(std::size_t limit) const;

 private:
  std::size_t classes_ = 0;
  std::vector<std::uint64_t> counts_;
};

}  // namespace thimble
