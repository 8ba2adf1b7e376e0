#include "nn/engine/amx/taps.hpp"

#include <algorithm>

namespace thimble::nn::amx {

std::vector<Meeting> meetings(const Maps& source, const Maps& target, const SlidingWindow& window) {
  std::vector<Meeting> all;
  for (int y = 0; y < target.height; ++y) {
    for (int x = 0; x < target.width; ++x) {
      for (int tap = 0; tap < taps_of(window); ++tap) {
        const int from_y = y * window.stride.height - window.pad.height + tap / window.kernel.width;
        const int from_x = x * window.stride.width - window.pad.width + tap % window.kernel.width;
        if (from_y < 0 || from_y >= source.height || from_x < 0 || from_x >= source.width) continue;
        all.push_back({y * target.width + x, tap, from_y * source.width + from_x});
      }
    }
  }
  return all;
}

TapTable TapTable::forward(const Maps& source, const Maps& target, const SlidingWindow& window) {
  const std::size_t weights =
      static_cast<std::size_t>(source.channels) * static_cast<std::size_t>(target.channels);
  TapTable table;
  table.begins_.assign(target.positions() + 1, 0);
  for (const Meeting& m : meetings(source, target, window)) {
    table.taps_.push_back(
        {static_cast<std::uint32_t>(static_cast<std::size_t>(m.source) * source.position_size()),
         static_cast<std::uint32_t>(static_cast<std::size_t>(m.tap) * weights)});
    table.begins_[static_cast<std::size_t>(m.target) + 1] =
        static_cast<std::uint32_t>(table.taps_.size());
  }
  // A position that meets nothing (a kernel in the padding) begins where the one before it ends.
  for (std::size_t i = 1; i < table.begins_.size(); ++i) {
    table.begins_[i] = std::max(table.begins_[i], table.begins_[i - 1]);
  }
  return table;
}

TapTable TapTable::backward(const Maps& source, const Maps& target, const SlidingWindow& window) {
  const std::size_t weights =
      static_cast<std::size_t>(source.channels) * static_cast<std::size_t>(target.channels);
  std::vector<Meeting> all = meetings(source, target, window);
  std::ranges::stable_sort(all, {}, &Meeting::source);
  TapTable table;
  table.begins_.assign(source.positions() + 1, 0);
  for (const Meeting& m : all) {
    table.taps_.push_back(
        {static_cast<std::uint32_t>(static_cast<std::size_t>(m.target) * target.position_size()),
         static_cast<std::uint32_t>(static_cast<std::size_t>(m.tap) * weights)});
    table.begins_[static_cast<std::size_t>(m.source) + 1] =
        static_cast<std::uint32_t>(table.taps_.size());
  }
  for (std::size_t i = 1; i < table.begins_.size(); ++i) {
    table.begins_[i] = std::max(table.begins_[i], table.begins_[i - 1]);
  }
  return table;
}

TapTable TapTable::pictures(const Maps& target, const SlidingWindow& window, std::size_t row,
                            int channels, std::size_t weights) {
  TapTable table;
  table.begins_.push_back(0);
  for (int y = 0; y < target.height; ++y) {
    for (int x = 0; x < target.width; ++x) {
      for (int ky = 0; ky < window.kernel.height; ++ky) {
        const auto from_y = static_cast<std::size_t>(y * window.stride.height + ky);
        const auto from_x = static_cast<std::size_t>(x * window.stride.width * channels);
        table.taps_.push_back({static_cast<std::uint32_t>(from_y * row + from_x),
                               static_cast<std::uint32_t>(static_cast<std::size_t>(ky) * weights)});
      }
      table.begins_.push_back(static_cast<std::uint32_t>(table.taps_.size()));
    }
  }
  return table;
}

bool TapTable::is_shifted(std::size_t at, std::size_t neighbour) const {
  const auto here = this->at(at);
  const auto there = this->at(neighbour);
  if (here.empty() || here.size() != there.size()) return false;
  const std::uint32_t shift = there.front().source - here.front().source;
  return std::ranges::equal(here, there, [&](const Tap& a, const Tap& b) {
    return a.weights == b.weights && a.source + shift == b.source;
  });
}

}  // namespace thimble::nn::amx
