#include "nn/ema.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/simd.hpp"
#include "nn/blocks.hpp"

namespace thimble::nn {
namespace {

THIMBLE_SIMD_CLONES
void approach(float* __restrict average, const float* __restrict weights, std::size_t n,
              float share) {
  for (std::size_t i = 0; i < n; ++i) average[i] += share * (weights[i] - average[i]);
}

}  // namespace

Ema::Ema(double decay, std::size_t size) : decay_(decay), average_(size) {
  if (!(decay >= 0 && decay < 1))
    throw UsageError(fmt::format("ema decay: {}, expected 0 or more and below 1", decay));
}

void Ema::update(std::span<const float> weights) {
  check_size("weights", weights.size());
  if (update_count_ == 0) {
    std::copy(weights.begin(), weights.end(), average_.begin());
  } else {
    const auto t = static_cast<double>(update_count_);
    const auto share = static_cast<float>(1 - std::min(decay_, (1 + t) / (10 + t)));
    parallel_blocks(average_.size(), [&](std::size_t begin, std::size_t end) {
      approach(average_.data() + begin, weights.data() + begin, end - begin, share);
    });
  }
  ++update_count_;
}

void Ema::restore(std::span<const float> average, std::uint64_t update_count) {
  check_size("averages", average.size());
  std::copy(average.begin(), average.end(), average_.begin());
  update_count_ = update_count;
}

void Ema::check_size(const char* what, std::size_t found) const {
  if (found != average_.size())
    throw ShapeError(fmt::format("ema: {} {}, expected {}", found, what, average_.size()));
}

}  // namespace thimble::nn
