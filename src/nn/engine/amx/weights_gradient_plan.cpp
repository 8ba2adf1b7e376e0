// What WeightsGradient decides once: which positions meet, and how much is laid out at a time.

#include <algorithm>

#include "nn/engine/amx/weights_gradient.hpp"

namespace thimble::nn::amx {
namespace {

// What is laid out at a time is to stay in the second-level cache, beside the sums.
constexpr std::size_t kLaidOutBytes = 768 * 1024;

}  // namespace

WeightsGradient::WeightsGradient(const Maps& source, const Maps& target,
                                 const SlidingWindow& window)
    : source_(source), target_(target), window_(window) {
  shape_ = {taps_of(window), source.channels, target.channels};
  plan(target, window);
}

WeightsGradient::WeightsGradient(const Shape& source, const Maps& target,
                                 const SlidingWindow& window)
    : target_(target), window_(window), picture_channels_(source.channels) {
  const PictureWeights weights{source.channels, window.kernel, target.channels};
  // Each position of the target has its taps as channels, and needs no other.
  source_ = target;
  source_.channels = weights.padded_rows();
  shape_ = {1, source_.channels, target.channels};
  picture_row_ = static_cast<std::size_t>((source.width + 2 * window.pad.width) * source.channels);
  picture_ = picture_row_ * static_cast<std::size_t>(source.height + 2 * window.pad.height);
  plan(target, {{1, 1}, {1, 1}, {0, 0}});
}

void WeightsGradient::plan(const Maps& target, const SlidingWindow& window) {
  const int most = source_.channels == kTileRows ? 3 : 1;
  for (int y = 0; y < window.kernel.height; ++y) {
    for (int x = 0; x < window.kernel.width; x += most) {
      Group group;
      group.tap = y * window.kernel.width + x;
      group.taps = std::min(most, window.kernel.width - x);
      groups_.push_back(group);
    }
  }
  for (const Meeting& m : meetings(source_, target, window)) {
    const int y = m.tap / window.kernel.width;
    const int per_row = (window.kernel.width + most - 1) / most;
    Group& group =
        groups_[static_cast<std::size_t>(y * per_row + m.tap % window.kernel.width / most)];
    const auto at = static_cast<std::uint32_t>(m.target);
    if (group.steps.empty() || group.steps.back().target != at) {
      group.steps.push_back({at, {kOutside, kOutside, kOutside}});
    }
    group.steps.back().source[m.tap - group.tap] = static_cast<std::uint32_t>(m.source);
  }
  for (Group& group : groups_) {
    for (int row = 0; row <= target.height; ++row) {
      const auto first = static_cast<std::uint32_t>(row * target.width);
      const auto found = std::ranges::lower_bound(group.steps, first, {}, &Step::target);
      group.of_row.push_back(static_cast<std::uint32_t>(found - group.steps.begin()));
    }
  }
  const auto bytes = [&](int rows) {
    const Rows from = met({0, rows});
    return sizeof(Bf16) *
           (static_cast<std::size_t>(rows * target_.width) * target_.position_size() +
            static_cast<std::size_t>((from.end - from.begin) * source_.width) *
                source_.position_size());
  };
  int most_rows = target.height;
  while (most_rows > 1 && bytes(most_rows) > kLaidOutBytes) --most_rows;
  const int parts = (target.height + most_rows - 1) / most_rows;
  // An even number, so that pooled rows stay together.
  rows_ = std::min(((target.height + parts - 1) / parts + 1) / 2 * 2, target.height);
}

WeightsGradient::Rows WeightsGradient::met(Rows target) const {
  if (picture_channels_ > 0) return target;
  const int begin = target.begin * window_.stride.height - window_.pad.height;
  const int end =
      (target.end - 1) * window_.stride.height - window_.pad.height + window_.kernel.height;
  return {std::clamp(begin, 0, source_.height), std::clamp(end, 0, source_.height)};
}

}  // namespace thimble::nn::amx
