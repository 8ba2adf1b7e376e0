#include "evaluation/confusion.hpp"

#include <algorithm>
#include <numeric>

namespace thimble {

std::uint64_t ConfusionMatrix::support(std::size_t truth) const {
  std::uint64_t sum = 0;
  for (std::size_t predicted = 0; predicted < classes_; ++predicted) {
    sum += count(truth, predicted);
  }
  return sum;
}

std::uint64_t ConfusionMatrix::predictions(std::size_t predicted) const {
  std::uint64_t sum = 0;
  for (std::size_t truth = 0; truth < classes_; ++truth) sum += count(truth, predicted);
  return sum;
}

std::uint64_t ConfusionMatrix::correct() const {
  std::uint64_t sum = 0;
  for (std::size_t index = 0; index < classes_; ++index) sum += count(index, index);
  return sum;
}

std::uint64_t ConfusionMatrix::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

std::vector<ConfusionMatrix::Pair> ConfusionMatrix::most_confused(std::size_t limit) const {
  std::vector<Pair> pairs;
  for (std::size_t first = 0; first < classes_; ++first) {
    for (std::size_t second = first + 1; second < classes_; ++second) {
      const std::uint64_t mistakes = count(first, second) + count(second, first);
      if (mistakes > 0) pairs.push_back({first, second, mistakes});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.count > b.count; });
  if (pairs.size() > limit) pairs.resize(limit);
  return pairs;
}

}  // namespace thimble
