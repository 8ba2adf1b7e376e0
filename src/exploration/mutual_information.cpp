#include "exploration/mutual_information.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "exploration/reduced_pictures.hpp"
#include "exploration/samples_by_class.hpp"

namespace thimble {
namespace {

/// Pixels that one task counts: a cache line of each picture.
constexpr std::size_t kStrip = 64;
/// Strips between two looks at the progress.
constexpr std::size_t kStripsAtOnce = 64;

/// Entropy in bits of counts that sum to `n`.
double entropy(std::span<const std::uint32_t> counts, double n) {
  double bits = 0;
  for (const std::uint32_t count : counts) {
    if (count == 0) continue;
    const double share = count / n;
    bits -= share * std::log2(share);
  }
  return bits;
}

std::size_t occupied(std::span<const std::uint32_t> counts) {
  return counts.size() - static_cast<std::size_t>(std::ranges::count(counts, 0u));
}

/// Counts how often each bin goes with each class, and what that says.
class Counter {
 public:
  Counter(const Images& grey, std::span<const std::vector<std::size_t>> samples, int bins)
      : grey_(grey), samples_(samples), bins_(static_cast<std::size_t>(bins)) {
    for (std::size_t level = 0; level < 256; ++level) {
      bin_of_[level] = static_cast<std::uint8_t>(level * bins_ / 256);
    }
    for (const auto& of_class : samples)
      class_counts_.push_back(static_cast<std::uint32_t>(of_class.size()));
    class_entropy_ = entropy(class_counts_, static_cast<double>(grey.size()));
  }

  double class_entropy() const { return class_entropy_; }

  /// Fills in pixels [begin, end).
  void count(std::size_t begin, std::size_t end, MutualInformation& result) const {
    const std::size_t classes = samples_.size();
    const std::size_t cells = classes * bins_;
    std::vector<std::uint32_t> counts((end - begin) * cells);  // [pixels, classes, bins]
    for (std::size_t c = 0; c < classes; ++c) {
      for (const std::size_t i : samples_[c]) {
        const std::uint8_t* from = grey_[i].data() + begin;
        std::uint32_t* to = counts.data() + c * bins_;
        for (std::size_t j = 0; j < end - begin; ++j) ++to[j * cells + bin_of_[from[j]]];
      }
    }
    for (std::size_t j = begin; j < end; ++j) {
      judge(std::span(counts).subspan((j - begin) * cells, cells), j, result);
    }
  }

 private:
  void judge(std::span<const std::uint32_t> counts, std::size_t pixel,
             MutualInformation& result) const {
    std::vector<std::uint32_t> bins(bins_);
    for (std::size_t i = 0; i < counts.size(); ++i) bins[i % bins_] += counts[i];
    const auto n = static_cast<double>(grey_.size());
    const double plain = std::max(0.0, entropy(bins, n) + class_entropy_ - entropy(counts, n));
    const auto excess = static_cast<double>(occupied(counts) + 1) -
                        static_cast<double>(occupied(bins) + occupied(class_counts_));
    constexpr double kLn2 = 0.69314718055994530942;
    result.plain_bits[pixel] = plain;
    result.bits[pixel] = std::clamp(plain - excess / (2 * n * kLn2), 0.0, class_entropy_);
  }

  const Images& grey_;
  std::span<const std::vector<std::size_t>> samples_;
  std::size_t bins_;
  std::array<std::uint8_t, 256> bin_of_{};
  std::vector<std::uint32_t> class_counts_;
  double class_entropy_ = 0;
};

}  // namespace

MutualInformation mutual_information(const Dataset& dataset, Progress& progress, int bins) {
  if (dataset.size() == 0) throw DataError("mutual information: there is no picture");
  if (bins < 2 || bins > 256) {
    throw UsageError(fmt::format("mutual information: {} bins, expected 2 to 256", bins));
  }
  const Images grey = to_grey(dataset.images);
  const auto samples = samples_by_class(dataset);
  const Counter counter(grey, samples, bins);
  const std::size_t pixels = grey.shape().size();

  MutualInformation result;
  result.height = grey.shape().height;
  result.width = grey.shape().width;
  result.bins = bins;
  result.bits.resize(pixels);
  result.plain_bits.resize(pixels);
  result.class_entropy = counter.class_entropy();
  const std::size_t strips = (pixels + kStrip - 1) / kStrip;
  for (std::size_t first = 0; first < strips; first += kStripsAtOnce) {
    if (progress.stop_requested()) throw Cancelled("cancelled");
    progress.update(first * kStrip, pixels, "mutual information");
    parallel_tasks(std::min(kStripsAtOnce, strips - first), [&](std::size_t task) {
      const std::size_t begin = (first + task) * kStrip;
      counter.count(begin, std::min(begin + kStrip, pixels), result);
    });
  }
  result.best =
      static_cast<std::size_t>(std::ranges::max_element(result.bits) - result.bits.begin());
  return result;
}

}  // namespace thimble
