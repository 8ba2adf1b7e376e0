#include "classical/binned_features.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"

namespace thimble::classical {
namespace {

/// Square blocks of this size are transposed at a time: 64 rows and 64 columns stay in the cache.
constexpr std::size_t kBlock = 64;

/// to[d, n] = transposed from[n, d].
void transpose(const std::uint8_t* from, std::size_t n, std::size_t d, std::uint8_t* to) {
  parallel_for((n + kBlock - 1) / kBlock, 4, [&](std::size_t first, std::size_t last) {
    for (std::size_t block = first; block < last; ++block) {
      const std::size_t row_end = std::min(n, (block + 1) * kBlock);
      for (std::size_t column = 0; column < d; column += kBlock) {
        for (std::size_t j = column; j < std::min(d, column + kBlock); ++j) {
          for (std::size_t i = block * kBlock; i < row_end; ++i) to[j * n + i] = from[i * d + j];
        }
      }
    }
  });
}

/// A value's bits in the order of the values (the upper half) and the sample it belongs to.
using Keyed = std::uint64_t;

Keyed keyed(float value, std::size_t sample) {
  // -0 and 0 are one value.
  const auto bits = std::bit_cast<std::uint32_t>(value + 0.0f);
  const std::uint32_t ordered = bits >> 31 ? ~bits : bits | 0x80000000u;
  return Keyed{ordered} << 32 | sample;
}

float value_of(Keyed key) {
  const auto ordered = static_cast<std::uint32_t>(key >> 32);
  return std::bit_cast<float>(ordered >> 31 ? ordered & 0x7FFFFFFFu : ~ordered);
}

/// Sorts by value, least significant digit first.
void radix_sort(std::vector<Keyed>& keys, std::vector<Keyed>& scratch) {
  constexpr unsigned kDigitBits = 11;
  constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;
  scratch.resize(keys.size());
  for (unsigned shift = 32; shift < 64; shift += kDigitBits) {
    std::vector<std::size_t> starts(kDigits + 1);
    for (const Keyed key : keys) ++starts[(key >> shift & (kDigits - 1)) + 1];
    for (std::size_t digit = 0; digit < kDigits; ++digit) starts[digit + 1] += starts[digit];
    for (const Keyed key : keys) scratch[starts[key >> shift & (kDigits - 1)]++] = key;
    keys.swap(scratch);
  }
}

std::size_t count_distinct(const std::vector<Keyed>& sorted) {
  std::size_t distinct = sorted.empty() ? 0 : 1;
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    distinct += sorted[i] >> 32 != sorted[i - 1] >> 32;
  }
  return distinct;
}

/// Gives every sample of one feature its bin.
/// @param sorted   the feature's values, ascending
/// @param lowest   [kBins], filled for the bins in use, as `highest`
void assign_bins(const std::vector<Keyed>& sorted, std::uint8_t* bins, float* lowest,
                 float* highest) {
  const std::size_t n = sorted.size();
  const bool one_bin_a_value = count_distinct(sorted) <= BinnedFeatures::kBins;
  std::size_t bin = 0;
  std::size_t begin = 0;  // of the bin
  for (std::size_t i = 0; i < n;) {
    std::size_t end = i + 1;
    while (end < n && sorted[end] >> 32 == sorted[i] >> 32) ++end;
    // What is left is shared out evenly among the bins that are left; a value goes into the next
    // bin where that brings this one nearer to its share.
    const std::size_t bins_left = BinnedFeatures::kBins - bin;
    const std::size_t share = (n - begin) / bins_left;
    const std::size_t with = end - begin;
    const std::size_t without = i - begin;
    const bool opens =
        without > 0 && bins_left > 1 &&
        (one_bin_a_value || (with > share && with - share >= share - std::min(share, without)));
    if (opens) {
      ++bin;
      begin = i;
    }
    if (i == begin) lowest[bin] = value_of(sorted[i]);
    highest[bin] = value_of(sorted[i]);
    for (; i < end; ++i) bins[sorted[i] & 0xFFFFFFFFu] = static_cast<std::uint8_t>(bin);
  }
}

}  // namespace

BinnedFeatures::BinnedFeatures(const Features& features)
    : n_(features.size()), d_(features.dims()) {
  columns_.resize(n_ * d_);
  if (features.is_bytes()) {
    rows_ = features.bytes();
    transpose(rows_.data(), n_, d_, columns_.data());
    return;
  }
  bin_values(features.values());
  own_rows_.resize(n_ * d_);
  transpose(columns_.data(), d_, n_, own_rows_.data());
  rows_ = own_rows_;
}

void BinnedFeatures::bin_values(const linalg::Matrix& values) {
  lowest_.resize(d_ * kBins);
  highest_.resize(d_ * kBins);
  parallel_for(d_, 1, [&](std::size_t first, std::size_t last) {
    std::vector<Keyed> keys(n_);
    std::vector<Keyed> scratch;
    for (std::size_t j = first; j < last; ++j) {
      for (std::size_t i = 0; i < n_; ++i) {
        const float value = values[i][j];
        if (!std::isfinite(value)) {
          throw DataError(
              fmt::format("sample {}, feature {}: {} is not a finite number", i + 1, j + 1, value));
        }
        keys[i] = keyed(value, i);
      }
      radix_sort(keys, scratch);
      assign_bins(keys, columns_.data() + j * n_, &lowest_[j * kBins], &highest_[j * kBins]);
    }
  });
}

float BinnedFeatures::threshold(std::size_t feature, int left, int right) const {
  if (is_bytes()) return static_cast<float>((left + right) / 2);
  const float below = highest(feature, left);
  const float above = lowest(feature, right);
  const auto middle = static_cast<float>((static_cast<double>(below) + above) / 2);
  return middle < above ? middle : below;
}

}  // namespace thimble::classical
