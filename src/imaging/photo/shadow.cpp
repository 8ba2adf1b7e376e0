#include "imaging/photo/shadow.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "imaging/photo/distance.hpp"

namespace thimble::photo {
namespace {

/// A shadow takes at most this share of the light; what is darker is an object.
constexpr float kMostTaken = 0.5f;
/// A background must be this light to show one.
constexpr float kLightEnough = 90;
/// From one pixel to the next a shadow changes by at most this share of its depth nearby. The
/// outline of an object, softened, changes by a third.
constexpr float kMostSlope = 0.14f;
/// Levels that a softened plane changes by without meaning anything.
constexpr float kRipple = 1.2f;

struct ShadowLight {
  std::vector<float> depth;         ///< levels darker than the background
  std::vector<std::uint8_t> maybe;  ///< may be in a shadow, by its colour
};

ShadowLight compare(const Mask& mask, const Planes& soft, const Background& background) {
  const auto width = static_cast<std::size_t>(soft.width);
  ShadowLight light{std::vector<float>(soft.size()), std::vector<std::uint8_t>(soft.size())};
  std::vector<float> luma(width);
  std::vector<float> cb(width);
  std::vector<float> cr(width);
  const float color_bound = std::max(6.0f, 3 * background.color_noise());
  for (int y = 0; y < soft.height; ++y) {
    background.draw_row(soft, 0, y, luma);
    background.draw_row(soft, 1, y, cb);
    background.draw_row(soft, 2, y, cr);
    for (std::size_t x = 0; x < width; ++x) {
      const std::size_t i = static_cast<std::size_t>(y) * width + x;
      light.depth[i] = luma[x] - soft.luma[i];
      if (mask.pixels[i] == 0 || luma[x] < kLightEnough) continue;
      const float left = soft.luma[i] / luma[x];
      if (left < 1 - kMostTaken || left > 1) continue;
      const bool same_hue = soft.grey() || (std::abs(soft.cb[i] - cb[x] * left) < color_bound &&
                                            std::abs(soft.cr[i] - cr[x] * left) < color_bound);
      light.maybe[i] = same_hue ? 1 : 0;
    }
  }
  return light;
}

/// Leaves in `maybe` what changes slowly.
void keep_slow(ShadowLight& light, int height, int width) {
  const std::vector<float> deepest = largest_around(light.depth, height, width);
  const auto w = static_cast<std::size_t>(width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const std::size_t i = static_cast<std::size_t>(y) * w + static_cast<std::size_t>(x);
      if (light.maybe[i] == 0) continue;
      const float* d = light.depth.data() + i;
      const float dx = x > 0 && x + 1 < width ? std::abs(d[1] - d[-1]) / 2 : 0;
      const float dy = y > 0 && y + 1 < height ? std::abs(d[width] - d[-width]) / 2 : 0;
      light.maybe[i] = std::max(dx, dy) <= kRipple + kMostSlope * std::max(0.0f, deepest[i]);
    }
  }
}

/// Fills from pixel to pixel, side by side.
class Flood {
 public:
  Flood(int height, int width) : width_(static_cast<std::size_t>(width)) {
    seen_.resize(static_cast<std::size_t>(height) * width_);
  }

  /// Visits all that is connected with `start` over pixels that `enter` takes and that were not
  /// seen before.
  /// @return  them
  template <class Enter>
  const std::vector<std::size_t>& fill(std::size_t start, const Enter& enter) {
    reached_.clear();
    const auto visit = [&](std::size_t i) {
      if (seen_[i] != 0 || !enter(i)) return;
      seen_[i] = 1;
      reached_.push_back(i);
    };
    visit(start);
    for (std::size_t next = 0; next < reached_.size(); ++next) {
      const std::size_t i = reached_[next];
      const std::size_t x = i % width_;
      if (x > 0) visit(i - 1);
      if (x + 1 < width_) visit(i + 1);
      if (i >= width_) visit(i - width_);
      if (i + width_ < seen_.size()) visit(i + width_);
    }
    return reached_;
  }

 private:
  std::size_t width_;
  std::vector<std::uint8_t> seen_;
  std::vector<std::size_t> reached_;
};

/// The background around the object: all outside of the mask that is connected with the edge of the
/// photo. What shows through the object throws no shadow.
std::vector<std::uint8_t> find_outside(const Mask& mask) {
  std::vector<std::uint8_t> outside(mask.pixels.size());
  Flood flood(mask.height, mask.width);
  const auto enter = [&](std::size_t i) { return mask.pixels[i] == 0; };
  const auto fill = [&](int y, int x) {
    const std::size_t start = static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width) +
                              static_cast<std::size_t>(x);
    for (const std::size_t i : flood.fill(start, enter)) outside[i] = 1;
  };
  for (int x = 0; x < mask.width; ++x) {
    fill(0, x);
    fill(mask.height - 1, x);
  }
  for (int y = 0; y < mask.height; ++y) {
    fill(y, 0);
    fill(y, mask.width - 1);
  }
  return outside;
}

/// Does a region fade, as a shadow does, or is most of it about equally dark, as cloth?
bool fades(const std::vector<std::size_t>& region, const std::vector<float>& depth) {
  constexpr double kLeastFaded = 0.3;
  std::vector<float> sorted;
  for (const std::size_t i : region) sorted.push_back(depth[i]);
  const auto deep = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() * 9 / 10);
  std::nth_element(sorted.begin(), deep, sorted.end());
  const float half = *deep / 2;
  const auto faded = std::ranges::count_if(sorted, [half](float d) { return d < half; });
  return static_cast<double>(faded) >= kLeastFaded * static_cast<double>(sorted.size());
}

}  // namespace

void clear_shadows(Mask& mask, const Planes& soft, const Background& background) {
  if (!soft.alpha.empty()) return;
  ShadowLight light = compare(mask, soft, background);
  keep_slow(light, soft.height, soft.width);
  const std::vector<std::uint8_t> outside = find_outside(mask);
  const auto width = static_cast<std::size_t>(mask.width);
  const auto beside_outside = [&](std::size_t i) {
    const std::size_t x = i % width;
    return (x > 0 && outside[i - 1] != 0) || (x + 1 < width && outside[i + 1] != 0) ||
           (i >= width && outside[i - width] != 0) ||
           (i + width < outside.size() && outside[i + width] != 0);
  };
  Flood flood(mask.height, mask.width);
  std::size_t before = 0;
  std::vector<std::size_t> cleared;
  for (std::size_t i = 0; i < mask.pixels.size(); ++i) {
    before += mask.pixels[i];
    if (light.maybe[i] == 0 || !beside_outside(i)) continue;
    const auto& region = flood.fill(i, [&](std::size_t k) { return light.maybe[k] != 0; });
    if (!region.empty() && fades(region, light.depth)) {
      cleared.insert(cleared.end(), region.begin(), region.end());
    }
  }
  constexpr double kLeastLeft = 0.5;
  if (static_cast<double>(before - cleared.size()) < kLeastLeft * static_cast<double>(before)) {
    return;
  }
  for (const std::size_t i : cleared) mask.pixels[i] = 0;
}

}  // namespace thimble::photo
